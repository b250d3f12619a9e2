#include "proxy/admission.hpp"

#include <fmt/format.h>

namespace cordon::proxy {
namespace {

std::string describe_refusal(std::uint32_t uid, const net::Process* process) {
  const std::string program = process != nullptr ? fmt::format(" (pid {}, {})", process->pid, process->program) : "";
  return fmt::format("refused a connection from user id {}{}; `allow_uids = [{}]` in cordon.toml would admit it", uid,
                     program, uid);
}

void report(Client& client, const Error& why) {
  const Runtime& runtime = client.worker.runtime;
  if (!client.peer) return runtime.notice(LogLevel::warn, "refused a connection: " + why.context);
  client.worker.programs.tell(client.peer->inode, [&sink = runtime.sink, uid = client.peer->uid](const auto* process) {
    sink.on_notice(LogLevel::warn, describe_refusal(uid, process));
  });
}

}  // namespace

Result<> admit(Client& client) {
  Worker& worker = client.worker;
  asio::error_code gone;  // leaves an address that no socket has
  const net::Socket& socket = client.tcp->socket();
  const auto peer = worker.peers.find(socket.remote_endpoint(gone), socket.local_endpoint(gone));
  if (!peer) return std::unexpected(peer.error());
  client.peer = *peer;
  // A connection that was reset meanwhile has given its port back, and the answer may be about the port's next owner.
  socket.remote_endpoint(gone);
  if (gone) return fail(Errc::peer_refused, "the client has gone");
  if (!worker.settings->admits(peer->uid)) {
    return fail(Errc::peer_refused, fmt::format("user id {}", peer->uid));
  }
  return {};
}

net::Infallible<Ending> refuse_peer(Client& client, Error why) {
  report(client, why);
  Record record(client);
  const Refusal refusal = refuse(std::move(why), {});
  co_return co_await send_refusal(client, refusal, record.event, Persistence::close);
}

}  // namespace cordon::proxy
