#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>

#include "base/bytes.hpp"
#include "base/files.hpp"
#include "net/peer.hpp"

namespace cordon::net {
namespace {

using Endpoint = PeerLookup::Endpoint;

struct Query {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

/// Which socket is meant, seen from its own end. A dual-stack socket that is connected to an IPv4 address is found by it too.
inet_diag_sockid identify(const Endpoint& client, const Endpoint& own) {
  inet_diag_sockid id{};
  id.idiag_sport = htons(client.port());
  id.idiag_dport = htons(own.port());
  id.idiag_src[0] = htonl(client.address().to_v4().to_uint());
  id.idiag_dst[0] = htonl(own.address().to_v4().to_uint());
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return id;
}

Query compose_query(const Endpoint& client, const Endpoint& own, std::uint32_t sequence) {
  Query query;
  query.header.nlmsg_len = sizeof query;
  query.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  query.header.nlmsg_flags = NLM_F_REQUEST;
  query.header.nlmsg_seq = sequence;
  query.body.sdiag_family = AF_INET;
  query.body.sdiag_protocol = IPPROTO_TCP;
  query.body.id = identify(client, own);
  return query;
}

template <class T>
std::optional<T> read_as(base::ConstBytes bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// The body and type of the message with number `sequence` within a datagram; an empty body when there is none.
std::pair<base::ConstBytes, int> find_message(base::ConstBytes datagram, std::uint32_t sequence) {
  while (const auto header = read_as<nlmsghdr>(datagram)) {
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > datagram.size()) break;
    if (header->nlmsg_seq == sequence) {
      return {datagram.first(header->nlmsg_len).subspan(sizeof *header), header->nlmsg_type};
    }
    datagram = datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header->nlmsg_len), datagram.size()));
  }
  return {};
}

Result<std::uint32_t> read_number(const char* path) {
  const auto text = base::read_file(path, 64);
  if (!text) return std::unexpected(text.error());
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc()) return fail(Errc::file_failed);
  return number;
}

/// See PeerLookup::nobody_: in a user namespace that does not map every id, the others are all shown as one.
std::optional<std::uint32_t> id_of_unmapped_users() {
  constexpr std::uint32_t kDefault = 65534;
  const auto map = base::read_file("/proc/self/uid_map", 4096);
  if (map && map->find("0          0 4294967295") != std::string::npos) return std::nullopt;
  return read_number("/proc/sys/kernel/overflowuid").value_or(kDefault);
}

std::unexpected<Error> refuse(std::string why) {
  return fail(Errc::peer_refused, std::move(why));
}

}  // namespace

PeerLookup::PeerLookup() : nobody_(id_of_unmapped_users()) {
  open();
}

void PeerLookup::open() noexcept {
  socket_.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  // Connected to the kernel, so that nobody else's messages arrive.
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  if (socket_ && ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) != 0)
    socket_.reset();
}

std::expected<Peer, int> PeerLookup::ask(const Endpoint& client, const Endpoint& own) noexcept {
  if (!socket_) return std::unexpected(EBADF);
  const Query query = compose_query(client, own, ++sequence_);
  if (::send(socket_.get(), &query, sizeof query, 0) < 0) return std::unexpected(errno);
  auto answer = receive();  // the kernel has answered within send
  while (!answer && answer.error() == EINTR)
    answer = receive();
  return answer;
}

std::expected<Peer, int> PeerLookup::receive() noexcept {
  std::array<std::byte, 1024> buffer;
  for (;;) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) return std::unexpected(errno);
    // An answer to an earlier question, one whose answer was given up, is left behind.
    const auto [body, type] = find_message(std::span(buffer).first(static_cast<std::size_t>(count)), sequence_);
    if (body.empty()) continue;
    if (type == NLMSG_ERROR) return std::unexpected(-read_as<nlmsgerr>(body).value_or(nlmsgerr{-EPROTO, {}}).error);
    const auto found = read_as<inet_diag_msg>(body);
    if (type != SOCK_DIAG_BY_FAMILY || !found) return std::unexpected(EPROTO);
    // Without a connected socket the kernel names one that listens at the client's address: whoever's that is.
    if (found->id.idiag_dport == 0) return std::unexpected(ENOENT);
    return Peer{found->idiag_uid, found->idiag_inode};
  }
}

Result<Peer> PeerLookup::find(const Endpoint& client, const Endpoint& own) {
  auto answer = ask(client, own);
  if (!answer && answer.error() != ENOENT) {
    open();
    answer = ask(client, own);
  }
  if (!answer && answer.error() == ENOENT)
    return refuse("the client's socket is gone, or of another machine, or this kernel cannot look it up (tcp_diag)");
  if (!answer) return refuse("the kernel cannot be asked: " + base::errno_text(answer.error()));
  if (answer->inode == 0) return refuse("the client has closed it already");
  if (answer->uid == nobody_) return refuse("its user has no id in this user namespace");
  return *answer;
}

}  // namespace cordon::net
