#include "proxy/admission.hpp"

#include <fmt/format.h>

namespace cordon::proxy {
namespace {

std::string describe_refusal(std::uint32_t uid, const net::Process* process) {
  const std::string program = process != nullptr ? fmt::format(" (pid {}, {})", process->pid, process->program) : "";
  return fmt::format("refused a connection from user id {}{}; `allow_uids = [{}]` in cordon.toml would admit it", uid,
                     program, uid);
}

}  // namespace

Admission admit(Worker& worker, const net::TcpStream& connection) {
  asio::error_code gone;  // leaves an address that no socket has
  const net::Socket& socket = connection.socket();
  const auto peer = worker.peers.find(socket.remote_endpoint(gone), socket.local_endpoint(gone));
  if (!peer) return {std::nullopt, std::unexpected(peer.error())};
  // A connection that was reset meanwhile has given its port back, and the answer may be about the port's next owner.
  socket.remote_endpoint(gone);
  if (gone) return {*peer, fail(Errc::peer_refused, "the client has gone")};
  if (!worker.settings->admits(peer->uid)) {
    return {*peer, fail(Errc::peer_refused, fmt::format("user id {}", peer->uid))};
  }
  return {*peer, {}};
}

void report_not_admitted(Worker& worker, const std::optional<net::Peer>& peer, const Error& why) {
  const Runtime& runtime = worker.runtime;
  if (!peer) return runtime.notice(LogLevel::warn, "refused a connection: " + why.context);
  worker.programs.tell(peer->inode, [&sink = runtime.sink, uid = peer->uid](const auto* process) {
    sink.on_notice(LogLevel::warn, describe_refusal(uid, process));
  });
}

}  // namespace cordon::proxy
