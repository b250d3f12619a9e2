#include "proxy/postgres_session.hpp"

#include <fmt/format.h>

#include "net/relay.hpp"
#include "postgres/authentication.hpp"
#include "postgres/backend_key_data.hpp"
#include "postgres/error_response.hpp"
#include "postgres/startup.hpp"
#include "proxy/admission.hpp"
#include "proxy/client.hpp"
#include "proxy/postgres_client.hpp"
#include "proxy/postgres_origin.hpp"
#include "proxy/postgres_startup.hpp"

namespace cordon::proxy {
namespace {

using Phase = net::TaskGroup::Phase;
using Registered = std::optional<CancelKeys::Registration>;

constexpr std::size_t kMaxHalfOpen = 1'000;                 // of a worker
constexpr std::size_t kFlushSize = std::size_t{16} * 1024;  // one TLS record
constexpr std::chrono::seconds kCancelTime{10};
constexpr std::chrono::milliseconds kShortPatience{50};

/// Counts a client as half open until it is logged in, or gone.
class HalfOpen {
 public:
  explicit HalfOpen(Worker& worker) : count_(&worker.half_open) { ++*count_; }
  HalfOpen(const HalfOpen&) = delete;
  HalfOpen& operator=(const HalfOpen&) = delete;
  ~HalfOpen() { end(); }
  bool too_many() const noexcept { return *count_ > kMaxHalfOpen; }
  void end() noexcept {
    if (auto* const count = std::exchange(count_, nullptr)) --*count;
  }

 private:
  std::size_t* count_;
};

/// The report of a session: told to the sink when it ends, once there is something to tell.
class SessionRecord {
 public:
  explicit SessionRecord(const PostgresClient& client) : client_(client) {
    event.method = "POSTGRES";
    event.route = client.listener_name;
  }
  SessionRecord(const SessionRecord&) = delete;
  SessionRecord& operator=(const SessionRecord&) = delete;
  ~SessionRecord() {
    if (!wanted_) return;
    if (const Listener* const listener = client_.listener) {  // not before: a reload may have put another there
      event.host = listener->upstream_host;
      event.port = listener->upstream_port;
    }
    const net::Process* const program = client_.program ? client_.program->get() : nullptr;
    if (program != nullptr) event.peer = program->program;
    event.token = client_.access.token_name();
    event.duration = since_begin();
    event.bytes_up = counts.up;
    event.bytes_down = counts.down;
    Runtime& runtime = client_.worker.runtime;
    runtime.metrics.count_session(event, runtime.metrics.of_listener(client_.listener_name));
    runtime.sink.on_request(event);
  }

  void concerns(const WantedSession& wanted) {
    path_ = "/" + wanted.database;
    event.path = path_;
    wanted_ = true;
  }
  void refused(const SessionRefusal& refusal) {
    if (refusal.manner == SessionRefusal::Manner::closed_upon) {
      const Runtime& runtime = client_.worker.runtime;
      if (!runtime.sink.wants(LogLevel::debug)) return;
      return runtime.notice(LogLevel::debug, fmt::format("listener {}: closed: {} {}", client_.listener_name,
                                                         name(refusal.code), refusal.message));
    }
    event.refusal = name(refusal.code);
    wanted_ = true;
  }
  void logged_in() {
    event.injected = true;
    event.origin_time = since_begin();
  }

  RequestEvent event;
  net::RelayCounts counts;

 private:
  std::chrono::microseconds since_begin() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(net::Clock::now() - began_);
  }

  const PostgresClient& client_;
  std::string path_;
  bool wanted_ = false;
  net::Clock::time_point began_ = net::Clock::now();
};

Session<> judge_client(PostgresClient& client) {
  Admission admission = admit(client.worker, *client.tcp);
  client.peer = admission.peer;
  if (!admission.verdict) {
    report_not_admitted(client.worker, client.peer, admission.verdict.error());
    return std::unexpected(refuse_session(std::move(admission.verdict).error()));
  }
  if (client.worker.runtime.sink.wants(LogLevel::info)) client.program = client.worker.programs.ask(client.peer->inode);
  return {};
}

/// What the client wants, and that it may: all that it can keep us waiting for.
SessionTask<Wanted> read_first(PostgresClient& client, SessionRecord& record) {
  auto wanted = co_await read_wanted(client);
  const auto* session = wanted ? std::get_if<WantedSession>(&*wanted) : nullptr;
  if (session == nullptr) co_return wanted;
  record.concerns(*session);
  if (auto permitted = co_await check_token(client); !permitted)
    co_return std::unexpected(std::move(permitted).error());
  co_return wanted;
}

/// Passes the request on to the session's own server. Whatever comes of it, the client is told nothing (the manual's "Canceling
/// Requests in Progress"), but its connection ends when the server has dealt with it.
net::Infallible<> forward_cancel(PostgresClient& client, const WantedCancel& wanted) {
  Worker& worker = client.worker;
  auto passing = worker.runtime.cancel_keys.begin_passing({wanted.process_id, base::as_bytes(wanted.secret_key)},
                                                          client.listener_name);
  if (!passing) co_return;
  const CancelKeys::Target& target = passing->target;
  auto origin = co_await connect_origin(worker, *target.settings, *target.listener, target.address);
  if (!origin) {
    worker.runtime.notice(LogLevel::warn, fmt::format("listener {}: a cancel request could not be passed on: {}",
                                                      client.listener_name, origin.error().message()));
    co_return;
  }
  base::WipedBuffer request;
  postgres::compose_cancel_request(target.key(), request);
  client.member.watch_origin(origin->stream.get());
  origin->stream->expires_after(kCancelTime);
  const auto written = co_await origin->stream->write(request.bytes());
  if (written) {
    ++target.settings->of(*target.listener).counters->cancel_requests;
    co_await origin->inbox.read_more(*origin->stream);  // its end: a server says nothing
  }
  client.member.watch_origin(nullptr);
}

/// Puts a key of ours in the place of the origin's.
Session<> replace_key(PostgresClient& client, const PostgresOrigin& origin, const WantedSession& wanted,
                      base::ConstBytes payload, Registered& registered, base::WipedBuffer& out) {
  const auto key = postgres::parse_backend_key_data(payload, wanted.version);
  if (!key) return std::unexpected(refuse_origin(key.error(), wanted.database));
  if (registered) return refused(Errc::upstream_protocol, "it gave two cancel keys");
  CancelKeys::Target target{.settings = client.settings,
                            .listener = client.listener,
                            .address = origin.address,
                            .process_id = key->process_id,
                            .secret_key = std::string(base::as_text(key->secret_key))};
  registered.emplace(client.worker.runtime.cancel_keys.add(std::move(target)));
  postgres::compose_backend_key_data(registered->key(), out);
  return {};
}

Session<> origin_refusal(base::ConstBytes payload, const WantedSession& wanted) {
  SessionRefusal refused = refuse_origin(postgres::read_refusal(payload), wanted.database);
  if (refused.code == Errc::upstream_auth) refused.code = Errc::upstream_refused;  // it had accepted the password
  return std::unexpected(std::move(refused));
}

/// Tells the client that it is logged in, and what the origin says of the session until it is ready for a query.
SessionTask<> hand_over(PostgresClient& client, PostgresOrigin& origin, const WantedSession& wanted,
                        Registered& registered) {
  base::WipedBuffer out = std::move(origin.for_client);
  postgres::compose_authentication_ok(out);
  for (;;) {
    const auto frame = co_await read_login_frame(origin);
    if (!frame) co_return std::unexpected(frame.error());
    Session<> known;
    switch (frame->type) {
      case 'K':
        known = replace_key(client, origin, wanted, frame->payload, registered, out);
        break;
      case 'E':
        known = origin_refusal(frame->payload, wanted);
        break;
      case 'S':
      case 'N':
      case 'Z':
        postgres::append_frame(out, frame->type, {base::as_text(frame->payload)});
        break;
      default:
        known = refused(Errc::upstream_protocol);
    }
    if (!known) co_return known;
    if (frame->type == 'Z') break;
    if (out.size() < kFlushSize) continue;
    if (auto written = co_await write_to(client, out.bytes()); !written) co_return written;
    out.clear();
  }
  out.append(base::as_text(origin.inbox.unread()));  // what came after it is the session's
  origin.inbox.clear();
  co_return co_await write_to(client, out.bytes());
}

/// Passes bytes on, unseen, until both directions have ended.
net::Infallible<> pass_on(PostgresClient& client, PostgresOrigin& origin, net::RelayCounts& counts) {
  client.stream->never_expires();
  origin.stream->never_expires();
  client.stream->probe_when_silent();
  origin.stream->probe_when_silent();
  // A client may send its first query without waiting.
  counts.up += client.inbox.unread().size();
  auto result = co_await origin.stream->write(client.inbox.unread());
  client.inbox.clear();
  if (!result) co_return;
  if (client.stream.get() == client.tcp && origin.stream.get() == origin.tcp) {
    co_await net::relay_sockets(*client.tcp, *origin.tcp, counts);
  } else {
    co_await net::relay(*client.stream, *origin.stream, counts);
  }
}

SessionTask<> serve_session(PostgresClient& client, const WantedSession& wanted, SessionRecord& record,
                            HalfOpen& half_open) {
  client.member.enter(Phase::busy);
  auto origin = co_await log_in(client, wanted);
  if (!origin) co_return std::unexpected(std::move(origin).error());
  client.member.watch_origin(origin->stream.get());
  Registered registered;
  client.stream->expires_after(client.worker.runtime.timeouts().postgres_login);
  auto ready = co_await hand_over(client, *origin, wanted, registered);
  if (ready) {
    half_open.end();
    record.logged_in();
    client.stage = PostgresClient::Stage::open;
    const OpenSession open(*client.settings->of(*client.listener).counters);
    client.member.enter(Phase::idle);
    co_await pass_on(client, *origin, record.counts);
  }
  client.member.watch_origin(nullptr);
  co_return ready;
}

SessionTask<> serve(PostgresClient& client, SessionRecord& record) {
  if (auto judged = judge_client(client); !judged) co_return judged;
  HalfOpen half_open(client.worker);
  if (half_open.too_many()) co_return refused(Errc::too_many_connections);
  auto wanted = co_await read_first(client, record);
  if (!wanted) co_return std::unexpected(std::move(wanted).error());
  if (const auto* cancel = std::get_if<WantedCancel>(&*wanted)) {
    co_await forward_cancel(client, *cancel);
    co_return Session<>{};
  }
  co_return co_await serve_session(client, std::get<WantedSession>(*wanted), record, half_open);
}

/// Tells the client why, then closes so that it can read it.
net::Infallible<> tell(PostgresClient& client, const SessionRefusal& refusal) {
  if (refusal.manner == SessionRefusal::Manner::closed_upon) co_return;
  base::WipedBuffer reply;
  const std::string message =
      fmt::format("cordon: listener \"{}\": {} [{}]", client.listener_name, refusal.message, name(refusal.code));
  postgres::compose_error_response(refusal.sqlstate, message, reply);
  client.stream->expires_after(client.worker.runtime.timeouts().postgres_startup);
  const auto written = co_await client.stream->write(reply.bytes());
  if (!written) co_return;
  // Those that are too many must not wait to be closed.
  const bool crowded = refusal.code == Errc::too_many_connections;
  co_await close_gently(*client.stream, crowded ? kShortPatience : kPatience);
}

}  // namespace

net::Infallible<> serve_postgres(Worker& worker, const std::string& name, net::Socket socket) {
  const OpenConnection counted(worker.runtime.metrics);
  PostgresClient client(worker, name, std::make_unique<net::TcpStream>(std::move(socket), worker.watchdog));
  SessionRecord record(client);
  const auto served = co_await serve(client, record);
  if (served) co_return;
  record.refused(served.error());
  co_await tell(client, served.error());
}

}  // namespace cordon::proxy
