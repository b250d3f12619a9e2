#include "proxy/postgres_startup.hpp"

#include "net/tls_stream.hpp"
#include "postgres/authentication.hpp"
#include "postgres/startup.hpp"

namespace cordon::proxy {
namespace {

/// Whether a client must have named the protocol in ALPN: without SSLRequest nothing else says what it is about to speak.
enum class Alpn : unsigned char { optional, required };

/// Without a word: what the client would take it for is not clear yet.
std::unexpected<SessionRefusal> closed_upon(Errc code, std::string context) {
  return std::unexpected(end_of_client({code, std::move(context)}));
}

bool offers_tls(const PostgresClient& client) noexcept {
  return client.listener != nullptr && client.listener->client_tls != ClientTls::disable &&
         client.settings->ca.has_value();
}

SessionTask<> read_more(PostgresClient& client) {
  auto read = co_await client.inbox.read_more(*client.stream);
  if (!read) co_return std::unexpected(end_of_client(std::move(read).error()));
  co_return Session<>{};
}

SessionTask<> start_tls(PostgresClient& client, Alpn alpn) {
  auto ssl = client.worker.leaves.session_for_listener(*client.settings->ca);
  if (!ssl) co_return std::unexpected(refuse_session(std::move(ssl).error()));
  auto stream = std::make_unique<net::TlsStream>(client.take_tcp(), std::move(*ssl), client.inbox.unread());
  net::TlsStream& tls = *stream;
  client.inbox.clear();
  client.use(std::move(stream));
  const auto done = co_await tls.handshake();
  if (!done) co_return closed_upon(done.error().code, done.error().context);
  if (alpn == Alpn::required && !tls::agreed_on(tls.ssl(), tls::Protocol::postgresql)) {
    co_return closed_upon(Errc::bad_request, "direct TLS without `postgresql` in ALPN");
  }
  co_return Session<>{};
}

/// What has been settled about encryption. Each may be asked for once.
struct Encryption {
  bool tls = false;
  bool ssl_asked = false;
  bool gss_asked = false;
};

/// Answers a request for encryption, and carries it out when it is granted.
SessionTask<> negotiate(PostgresClient& client, Encryption& encryption, bool& asked, char answer) {
  if (std::exchange(asked, true) || encryption.tls)
    co_return refused(Errc::bad_request, "encryption was asked for twice");
  // They were sent in the clear, and would be taken for what came through TLS (CVE-2021-23214).
  if (!client.inbox.unread().empty()) co_return closed_upon(Errc::bad_request, "bytes behind a request for encryption");
  auto written = co_await write_to(client, base::as_bytes(std::string_view(&answer, 1)));
  if (!written || answer == 'N') co_return written;
  encryption.tls = true;
  co_return co_await start_tls(client, Alpn::optional);
}

SessionTask<> start_direct_tls(PostgresClient& client, Encryption& encryption) {
  if (!offers_tls(client)) co_return closed_upon(Errc::bad_request, "direct TLS, which the listener does not take");
  encryption.tls = true;
  co_return co_await start_tls(client, Alpn::required);
}

/// Its views end with the next read.
SessionTask<postgres::StartupPacket> read_packet(PostgresClient& client) {
  for (;;) {
    auto rest = client.inbox.unread();
    if (postgres::is_terminate(rest))
      co_return closed_upon(Errc::end_of_stream, "it left before it said what it wants");
    auto packet = postgres::next_startup_packet(rest);
    if (!packet) co_return std::unexpected(refuse_client(packet.error()));
    if (*packet) {
      client.inbox.keep(rest);
      co_return std::move(**packet);
    }
    if (auto read = co_await read_more(client); !read) co_return std::unexpected(std::move(read).error());
  }
}

Session<Wanted> accept_session(PostgresClient& client, const postgres::StartupMessage& message,
                               const Encryption& encryption) {
  client.follow_reload();
  if (client.listener == nullptr) return refused(Errc::not_supported, "a reload has removed this listener");
  client.stage = PostgresClient::Stage::logging_in;
  const Listener& listener = *client.listener;
  if (listener.client_tls == ClientTls::require && !encryption.tls) return refused(Errc::tls_required);
  if (!listener.allow_replication && asks_for_replication(message)) return refused(Errc::replication_refused);
  WantedSession session{.startup_message = {}, .database = std::string(message.database()), .version = message.version};
  if (const auto composed = compose_startup_message(message, listener.username, session.startup_message); !composed) {
    return std::unexpected(refuse_client(composed.error()));
  }
  return session;
}

Judged judge_password(PostgresClient& client, std::string_view password) {
  return judge_session_token(password, client.worker.runtime.token_watch.current(), client.listener_name);
}

}  // namespace

SessionTask<Wanted> read_wanted(PostgresClient& client) {
  Encryption encryption;
  if (auto read = co_await read_more(client); !read) co_return std::unexpected(std::move(read).error());
  if (postgres::begins_direct_tls(client.inbox.unread())) {
    auto started = co_await start_direct_tls(client, encryption);
    if (!started) co_return std::unexpected(std::move(started).error());
  }
  for (;;) {
    auto packet = co_await read_packet(client);
    if (!packet) co_return std::unexpected(std::move(packet).error());
    Session<> negotiated;
    if (const auto* cancel = std::get_if<postgres::CancelRequest>(&*packet)) {
      co_return WantedCancel{cancel->key.process_id, std::string(base::as_text(cancel->key.secret_key))};
    }
    if (const auto* message = std::get_if<postgres::StartupMessage>(&*packet)) {
      co_return accept_session(client, *message, encryption);
    }
    if (std::holds_alternative<postgres::SSLRequest>(*packet)) {
      negotiated = co_await negotiate(client, encryption, encryption.ssl_asked, offers_tls(client) ? 'S' : 'N');
    } else {
      negotiated = co_await negotiate(client, encryption, encryption.gss_asked, 'N');
    }
    if (!negotiated) co_return std::unexpected(std::move(negotiated).error());
  }
}

SessionTask<> check_token(PostgresClient& client) {
  if (!client.listener->require_token) co_return Session<>{};
  base::WipedBuffer request;
  postgres::compose_authentication_cleartext_password(request);
  if (auto written = co_await write_to(client, request.bytes()); !written) co_return written;
  for (;;) {
    auto rest = client.inbox.unread();
    const auto frame = postgres::next_frame(rest, postgres::kMaxLoginPayload);
    if (!frame) co_return std::unexpected(refuse_client(frame.error()));
    if (!*frame) {
      if (auto read = co_await read_more(client); !read) co_return read;
      continue;
    }
    client.inbox.keep(rest);
    const auto password = postgres::parse_password_message(**frame);
    if (!password) co_return std::unexpected(refuse_client(password.error()));
    const Judged judged = judge_password(client, *password);
    if (!judged) co_return refused(judged.refusal.error().code);
    client.access = judged.access;
    co_return Session<>{};
  }
}

}  // namespace cordon::proxy
