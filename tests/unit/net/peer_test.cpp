// Only Linux tells whose a connection is.
#ifdef __linux__

#include "net/peer.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <charconv>
#include <set>
#include <string>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include <asio/ip/v6_only.hpp>

#include "unit/net/socket_pair.hpp"

namespace cordon::net {
namespace {

using test::EventLoop;

constexpr uid_t kOther = 4242;

/// A listening port, and connections to it.
class Peers : public ::testing::Test {
 protected:
  Socket accept() { return acceptor_.accept(); }
  Socket connect(asio::ip::tcp protocol = asio::ip::tcp::v4()) {
    Socket client(loop_.io.get_executor(), protocol);
    asio::ip::tcp::endpoint to = acceptor_.local_endpoint();
    if (protocol == asio::ip::tcp::v6()) {
      client.set_option(asio::ip::v6_only(false));
      to.address(asio::ip::make_address_v6(asio::ip::v4_mapped, to.address().to_v4()));
    }
    client.connect(to);
    return client;
  }
  Result<Peer> peer_of(Socket& accepted) {
    asio::error_code error;
    return lookup_.find(accepted.remote_endpoint(error), acceptor_.local_endpoint());
  }
  /// The number that fstat gives for our own descriptor.
  static std::uint64_t inode_of(Socket& socket) {
    struct stat info {};
    EXPECT_EQ(::fstat(socket.native_handle(), &info), 0);
    return info.st_ino;
  }

  EventLoop loop_;
  Acceptor acceptor_{loop_.io.get_executor(), {asio::ip::address_v4::loopback(), 0}};
  PeerLookup lookup_;
};

constexpr std::string_view kGone =
    "the client's socket is gone, or of another machine, or this kernel cannot look it up (tcp_diag)";

void expect_refused(const Result<Peer>& peer, std::string_view why) {
  ASSERT_FALSE(peer) << "uid " << peer->uid << " inode " << peer->inode;
  EXPECT_EQ(peer.error().code, Errc::peer_refused);
  EXPECT_EQ(peer.error().context, why);
}

TEST_F(Peers, AreOfTheUserAndTheSocketThatConnected) {
  Socket client = connect();
  Socket accepted = accept();
  const auto peer = peer_of(accepted);
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->inode, inode_of(client));
}

TEST_F(Peers, AreToldApart) {
  Socket first = connect();
  Socket second = connect();
  Socket one = accept();
  Socket two = accept();
  EXPECT_EQ(peer_of(two)->inode, inode_of(second));
  EXPECT_EQ(peer_of(one)->inode, inode_of(first));
}

TEST_F(Peers, MayUseADualStackSocket) {
  Socket client = connect(asio::ip::tcp::v6());
  Socket accepted = accept();
  const auto peer = peer_of(accepted);
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->inode, inode_of(client));
}

TEST_F(Peers, MayHaveEndedTheirSide) {
  Socket client = connect();
  client.shutdown(Socket::shutdown_send);
  Socket accepted = accept();
  EXPECT_EQ(peer_of(accepted)->inode, inode_of(client));
}

TEST_F(Peers, K9AClosedOneIsRefused) {
  connect().close();
  Socket accepted = accept();
  expect_refused(peer_of(accepted), "the client has closed it already");
}

TEST_F(Peers, K9AResetOneIsRefused) {
  Socket client = connect();
  Socket accepted = accept();
  const auto from = accepted.remote_endpoint();
  const linger now{1, 0};
  ASSERT_EQ(::setsockopt(client.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
  client.close();
  expect_refused(lookup_.find(from, acceptor_.local_endpoint()), kGone);
  expect_refused(peer_of(accepted), kGone);
}

// Where no connected socket is left, the kernel finds one that listens there, which may well be ours.
TEST_F(Peers, K9AListenerAtTheClientsAddressIsNotTheClient) {
  const Acceptor listener(loop_.io.get_executor(), {asio::ip::address_v4::loopback(), 0});
  expect_refused(lookup_.find(listener.local_endpoint(), acceptor_.local_endpoint()), kGone);
}

TEST_F(Peers, OfAnotherMachineAreRefused) {
  expect_refused(lookup_.find({asio::ip::make_address_v4("203.0.113.9"), 40'000}, acceptor_.local_endpoint()), kGone);
}

/// A process of another user, which connects to `to` and stays.
class OtherUser {
 public:
  explicit OtherUser(const asio::ip::tcp::endpoint& to) : pid_(::fork()) {
    if (pid_ != 0) return;
    if (::setresuid(kOther, kOther, kOther) != 0) ::_exit(1);
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(client, to.data(), static_cast<socklen_t>(to.size())) != 0) ::_exit(1);
    ::pause();
    ::_exit(0);
  }
  OtherUser(const OtherUser&) = delete;
  OtherUser& operator=(const OtherUser&) = delete;
  ~OtherUser() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

bool may_be_another_user() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(::setresuid(kOther, kOther, kOther) == 0 ? 0 : 1);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

TEST_F(Peers, K9OfAnotherUserShowHisId) {
  if (!may_be_another_user()) GTEST_SKIP() << "only root, and only of a namespace with other users, can be one";
  const OtherUser other(acceptor_.local_endpoint());
  Socket accepted = accept();
  const auto peer = peer_of(accepted);
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->uid, kOther);
}

/// Our own open descriptors.
std::set<int> descriptors() {
  std::set<int> found;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    int number = -1;
    const std::string_view name = entry->d_name;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (number >= 0 && number != ::dirfd(folder)) found.insert(number);
  }
  ::closedir(folder);
  return found;
}

/// A PeerLookup whose netlink socket can be reached.
struct OpenLookup {
  std::set<int> before = descriptors();
  PeerLookup lookup;
  int descriptor = -1;

  OpenLookup() {
    for (const int fd : descriptors()) {
      if (!before.contains(fd)) descriptor = fd;
    }
  }

  /// What stands in the socket's place can be asked nothing.
  void break_socket() const {
    const base::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::dup3(null.get(), descriptor, O_CLOEXEC), descriptor);
  }
};

TEST_F(Peers, AreFoundWithANewSocketWhenTheOldOneFails) {
  OpenLookup open;
  open.break_socket();
  Socket client = connect();
  Socket accepted = accept();
  const auto peer = open.lookup.find(accepted.remote_endpoint(), acceptor_.local_endpoint());
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->inode, inode_of(client));
}

TEST_F(Peers, AreRefusedWhenTheKernelCannotBeAsked) {
  OpenLookup open;
  open.break_socket();
  Socket client = connect();
  Socket accepted = accept();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit full{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  const auto peer = open.lookup.find(accepted.remote_endpoint(), acceptor_.local_endpoint());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(peer);
  EXPECT_EQ(peer.error().code, Errc::peer_refused);
  EXPECT_TRUE(peer.error().context.starts_with("the kernel cannot be asked: ")) << peer.error().context;
}

// Each answer belongs to its question: one that was left behind, about another's socket, is never taken for the next.
TEST_F(Peers, AnAnswerThatWasLeftBehindIsNotTaken) {
  OpenLookup open;
  Socket stale = connect();
  Socket stale_accepted = accept();
  Socket client = connect();
  Socket accepted = accept();
  struct {
    nlmsghdr header{};
    inet_diag_req_v2 body{};
  } question;
  question.header = {sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 77'777, 0};
  question.body.sdiag_family = AF_INET;
  question.body.sdiag_protocol = IPPROTO_TCP;
  question.body.id.idiag_sport = htons(stale_accepted.remote_endpoint().port());
  question.body.id.idiag_dport = htons(acceptor_.local_endpoint().port());
  question.body.id.idiag_src[0] = question.body.id.idiag_dst[0] = htonl(INADDR_LOOPBACK);
  question.body.id.idiag_cookie[0] = question.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  ASSERT_EQ(::send(open.descriptor, &question, sizeof question, 0), static_cast<ssize_t>(sizeof question));
  const auto peer = open.lookup.find(accepted.remote_endpoint(), acceptor_.local_endpoint());
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->inode, inode_of(client));
}

}  // namespace
}  // namespace cordon::net

#endif
