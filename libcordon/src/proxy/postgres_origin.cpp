#include "proxy/postgres_origin.hpp"

#include <fmt/format.h>

#include "net/tls_stream.hpp"
#include "postgres/channel_binding.hpp"
#include "postgres/login.hpp"
#include "postgres/random.hpp"
#include "proxy/secret_fetcher.hpp"
#include "proxy/ssl_request.hpp"

namespace cordon::proxy {
namespace {

using secrets::SharedSecret;

/// What a failed read or write means while a connection is made.
Error connecting_error(Error error) {
  if (error.code == Errc::timed_out) return {Errc::upstream_timeout, "it did not answer in time"};
  if (error.code == Errc::cancelled || error.code == Errc::upstream_tls) return error;
  return {Errc::upstream_connect, "it closed the connection"};
}

std::string address_of(const net::TcpStream& tcp) {
  asio::error_code gone;
  return tcp.socket().remote_endpoint(gone).address().to_string();
}

/// Puts TLS on the connection.
net::Task<> secure(const Settings& settings, const Listener& listener, PostgresOrigin& origin,
                   net::Clock::time_point deadline) {
  if (auto asked = co_await ask_for_tls(*origin.stream, listener.upstream_tls); !asked) co_return asked;
  auto ssl = tls::make_origin_session(settings.tls_for(listener), listener.upstream_host, tls::Protocol::postgresql);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  origin.stream.release();
  auto stream = std::make_unique<net::TlsStream>(std::unique_ptr<net::TcpStream>(origin.tcp), std::move(*ssl));
  net::TlsStream& tls = *stream;
  origin.stream = std::move(stream);
  origin.stream->set_deadline(deadline);
  auto done = co_await tls.handshake();
  if (!done) co_return std::unexpected(connecting_error(std::move(done).error()));
  origin.end_point = postgres::tls_server_end_point(tls::peer_certificate(tls.ssl()));
  co_return Result<>{};
}

/// The store's value.
SessionTask<SharedSecret> fetch_password(PostgresClient& client) {
  secrets::CacheEntry& entry = *client.settings->of(*client.listener).secret;
  if (auto current = entry.current()) co_return current;
  Error why;
  auto fetched = co_await fetch_secret(client.worker.watchdog, entry, why);
  if (fetched) co_return std::move(*fetched);
  if (fetched.error().code != Errc::cancelled) {
    client.worker.runtime.notice(LogLevel::warn, fmt::format("listener {}: no secret: {}: {}", client.listener_name,
                                                             name(why.code), why.message()));
  }
  co_return std::unexpected(refuse_session(std::move(fetched).error()));
}

SessionTask<> write_to(PostgresOrigin& origin, base::ConstBytes bytes) {
  auto written = co_await origin.stream->write(bytes);
  if (!written) co_return std::unexpected(refuse_session(connecting_error(std::move(written).error())));
  co_return Session<>{};
}

/// Answers the origin's requests until it is content.
SessionTask<> authenticate(PostgresClient& client, const WantedSession& wanted, PostgresOrigin& origin,
                           const SharedSecret& password, net::Clock::time_point deadline) {
  using Kind = postgres::LoginStep::Kind;
  const Listener& listener = *client.listener;
  postgres::LoginSettings settings;
  settings.role = listener.username;
  const bool verified = listener.upstream_tls == UpstreamTls::verify_full;
  settings.transport = verified ? postgres::Transport::verified_tls : postgres::Transport::plaintext;
  settings.end_point = origin.end_point;
  settings.weak_auth = listener.allow_weak_auth ? postgres::WeakAuth::allowed : postgres::WeakAuth::refused;
  settings.nonce = postgres::make_scram_nonce();
  postgres::Login login(std::move(settings));
  for (;;) {
    const auto frame = co_await read_login_frame(origin);
    if (!frame) co_return std::unexpected(frame.error());
    auto step = login.on_server_message(*frame, *password);
    if (step && step->kind == Kind::derive) {
      const std::uint64_t fingerprint = client.settings->of(listener).secret->fingerprint(password);
      auto salted = co_await client.worker.salted_passwords.obtain(client.listener_name, password, fingerprint,
                                                                   std::move(step->derivation), deadline);
      if (!salted) co_return std::unexpected(refuse_session(std::move(salted).error()));
      step = login.on_salted_password(**salted);
    }
    if (!step) co_return std::unexpected(refuse_origin(step.error(), wanted.database));
    if (step->kind == Kind::done) co_return Session<>{};
    if (step->kind == Kind::pass_on) {
      postgres::append_frame(origin.for_client, frame->type, {base::as_text(frame->payload)});
    }
    if (step->kind != Kind::send) continue;
    if (auto written = co_await write_to(origin, step->message.bytes()); !written) co_return written;
  }
}

/// One try, with one password: the store's, as late as possible, when `password` is null.
SessionTask<PostgresOrigin> log_in_with(PostgresClient& client, const WantedSession& wanted, SharedSecret& password) {
  const Listener& listener = *client.listener;
  auto origin = co_await connect_origin(client.worker, *client.settings, listener, listener.upstream_host);
  if (!origin) co_return std::unexpected(refuse_session(std::move(origin).error()));
  if (password == nullptr) {
    auto fetched = co_await fetch_password(client);
    if (!fetched) co_return std::unexpected(std::move(fetched).error());
    password = std::move(*fetched);
  }
  const auto deadline = net::Clock::now() + client.worker.runtime.timeouts().postgres_login;
  client.member.watch_origin(origin->stream.get());
  origin->stream->set_deadline(deadline);
  auto done = co_await write_to(*origin, wanted.startup_message.bytes());
  if (done) done = co_await authenticate(client, wanted, *origin, password, deadline);
  client.member.watch_origin(nullptr);
  if (!done) co_return std::unexpected(std::move(done).error());
  client.settings->of(listener).secret->accepted(password);
  co_return std::move(*origin);
}

/// What to try after `refused`, or null: a store that says the same again would only be refused again. 28P01 says that the
/// password is wrong; 28000 may be about anything else.
SessionTask<SharedSecret> fetch_rotated(PostgresClient& client, const SharedSecret& refused, postgres::SqlState why) {
  using Rejection = secrets::CacheEntry::Rejection;
  const bool certain = why == postgres::kInvalidPassword;
  client.settings->of(*client.listener).secret->rejected(refused, certain ? Rejection::certain : Rejection::doubtful);
  auto next = co_await fetch_password(client);
  if (next && (*next)->reveal() == refused->reveal()) next->reset();
  co_return next;
}

}  // namespace

net::Task<PostgresOrigin> connect_origin(Worker& worker, const Settings& settings, const Listener& listener,
                                         std::string host) {
  const bool with_tls = listener.upstream_tls == UpstreamTls::verify_full;
  const auto reach = with_tls ? net::Reach::anywhere : net::Reach::private_only;
  auto tcp = co_await worker.dialer.dial(std::move(host), listener.upstream_port, reach);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  PostgresOrigin origin;
  origin.tcp = tcp->get();
  origin.address = address_of(**tcp);
  origin.stream = std::move(*tcp);
  if (!with_tls) co_return origin;
  const auto deadline = net::Clock::now() + worker.runtime.timeouts().tls_handshake;
  origin.stream->set_deadline(deadline);
  auto secured = co_await secure(settings, listener, origin, deadline);
  if (!secured) co_return std::unexpected(std::move(secured).error());
  co_return origin;
}

SessionTask<PostgresOrigin> log_in(PostgresClient& client, const WantedSession& wanted) {
  if (!client.listener->approved) co_return std::unexpected(refuse_session({Errc::binding_unapproved, {}}));
  SharedSecret password;
  auto origin = co_await log_in_with(client, wanted, password);
  if (origin || origin.error().code != Errc::upstream_auth) co_return origin;
  auto rotated = co_await fetch_rotated(client, password, origin.error().sqlstate);
  if (!rotated) co_return std::unexpected(rotated.error());
  if (*rotated == nullptr) co_return origin;
  co_return co_await log_in_with(client, wanted, *rotated);
}

SessionTask<postgres::Frame> read_login_frame(PostgresOrigin& origin) {
  for (;;) {
    auto rest = origin.inbox.unread();
    const auto frame = postgres::next_frame(rest, postgres::kMaxLoginPayload);
    if (!frame) co_return std::unexpected(refuse_origin(frame.error(), {}));
    if (*frame) {
      origin.inbox.keep(rest);
      co_return **frame;
    }
    auto read = co_await origin.inbox.read_more(*origin.stream);
    if (!read) co_return std::unexpected(refuse_session(connecting_error(std::move(read).error())));
  }
}

}  // namespace cordon::proxy
