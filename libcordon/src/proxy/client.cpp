#include "proxy/client.hpp"

#include <array>

namespace cordon::proxy {
namespace {

constexpr std::size_t kIdleCapacity = std::size_t{32} * 1024;  // what an idle connection may hold on to

/// Only for who reads of it, and not when too many were asked for: then before a later request.
void ask_for_program(Client& client) {
  if (client.program || !client.peer || !client.worker.runtime.sink.wants(LogLevel::info)) return;
  client.program = client.worker.programs.ask(client.peer->inode);
}

}  // namespace

net::Task<> read_request_head(Client& client, std::chrono::milliseconds idle) {
  ask_for_program(client);
  client.stream->expires_after(idle);
  if (client.out.capacity() > kIdleCapacity) client.out = {};
  if (client.reader.must_read()) client.origin_reader.release_buffer();
  if (auto ready = co_await client.reader.wait_for_message(*client.stream); !ready) co_return ready;
  client.stream->expires_after(client.worker.runtime.timeouts().request_head);
  auto event = co_await client.reader.next(*client.stream);
  if (!event) co_return std::unexpected(std::move(event).error());
  client.stream->never_expires();
  co_return Result<>{};
}

bool finish_bodyless(Client& client) {
  if (!client.reader.parser().in_message()) return true;
  const auto event = client.reader.next_buffered();
  return event && *event == http1::Event::end;
}

net::Infallible<Ending> send_refusal(Client& client, const Refusal& refusal, RequestEvent& record, Persistence wanted) {
  // What is left of a body would be taken for the next request.
  if (wanted == Persistence::keep_alive && (client.member.draining() || !finish_bodyless(client))) {
    wanted = Persistence::close;
  }
  record.status = status_of(refusal.code);
  record.refusal = name(refusal.code);
  client.out.clear();
  compose_refusal(refusal, wanted, record.method == "HEAD" ? Body::omit : Body::send, client.out);
  client.stream->expires_after(client.worker.runtime.timeouts().request_head);
  const auto written = co_await client.stream->write(base::as_bytes(client.out));
  client.out.clear();
  if (!written) co_return Ending::abort;
  co_return wanted == Persistence::keep_alive ? Ending::keep_alive : Ending::close;
}

net::Infallible<> close_gently(net::Stream& stream, std::chrono::milliseconds patience) {
  constexpr std::size_t kBound = std::size_t{256} * 1024;
  stream.expires_after(patience);
  const auto ended = co_await stream.shut_down_writing();
  if (!ended) co_return;
  std::array<std::byte, 4096> dropped;
  for (std::size_t total = 0; total < kBound;) {
    auto count = co_await stream.read_some(dropped);
    if (!count) co_return;
    total += *count;
  }
}

bool Membership::still_welcome() const noexcept {
  if (client_.peer && !client_.worker.settings->admits(client_.peer->uid)) return false;
  if (client_.bound == nullptr) return true;
  const auto found = find_again(*client_.bound, *client_.worker.settings);
  return found.holds && judge_token_again(client_.access, client_.worker.tokens, found.route);
}

Judged judge_request_token(Client& client, const Route* route) {
  Runtime& runtime = client.worker.runtime;
  return judge_token(client.request(), runtime.options.instance, runtime.token_watch.current(), route);
}

Record::~Record() {
  const net::Process* program = client_.program ? client_.program->get() : nullptr;
  if (program != nullptr) event.peer = program->program;
  event.duration = std::chrono::duration_cast<std::chrono::microseconds>(net::Clock::now() - began_);
  client_.worker.runtime.metrics.count(event, counters_);
  client_.worker.runtime.sink.on_request(event);
}

void Record::concerns(const Destination& destination) {
  event.route = destination.route_name();
  event.host = destination.host;
  event.port = destination.port;
  Metrics& metrics = client_.worker.runtime.metrics;
  counters_ =
      destination.route != nullptr ? destination.settings->of(*destination.route).counters : &metrics.unmatched();
}

}  // namespace cordon::proxy
