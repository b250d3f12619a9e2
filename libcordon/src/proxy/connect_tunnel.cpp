#include "proxy/connect_tunnel.hpp"

#include <fmt/format.h>

#include "config/host_name.hpp"
#include "http1/target.hpp"
#include "net/relay.hpp"
#include "net/tls_stream.hpp"
#include "proxy/http_session.hpp"
#include "proxy/judgement.hpp"

namespace cordon::proxy {
namespace {

constexpr std::string_view kEstablished = "HTTP/1.1 200 Connection established\r\n\r\n";
constexpr std::byte kTlsHandshake{0x16};  // the content type of a ClientHello's record (RFC 8446, section 5.1)

/// Where a CONNECT leads: its authority and the route that it matches, if any.
Result<Destination> connect_destination(const Worker& worker, const http1::RequestHead& request) {
  const Settings& settings = *worker.settings;
  const auto target = http1::parse_target(request.method, request.target);
  if (!target) return std::unexpected(target.error());
  auto authority = config::parse_authority(target->authority, 0);
  if (!authority) return std::unexpected(std::move(authority).error());
  const auto interception = settings.ca ? Interception::on : Interception::off;
  const auto match = judge_connect(settings.routes, authority->host, authority->port, interception);
  if (!match) return std::unexpected(match.error());
  if (match->other_port_only) note_other_port(worker.runtime, *match->other_port_only, authority->port);
  return make_destination(std::move(authority->host), authority->port, match->route, Security::tls, worker.settings);
}

net::Infallible<Ending> refuse_connect(Client& client, Error error, RequestEvent& event) {
  // Bytes that came ahead were meant for the tunnel: they must not be read as a request.
  const bool keep = client.request().keep_alive && error.code != Errc::bad_request && client.reader.must_read();
  const Refusal refusal = refuse(std::move(error), event.route);
  co_return co_await send_refusal(client, refusal, event, keep ? Persistence::keep_alive : Persistence::close);
}

net::Task<> pass_through(Client& client, net::TcpStream& origin, net::RelayCounts& counts) {
  client.stream->never_expires();
  origin.never_expires();
  client.stream->probe_when_silent();
  origin.probe_when_silent();
  if (auto written = co_await client.stream->write(base::as_bytes(kEstablished)); !written) co_return written;
  // Bytes that came with the CONNECT head belong to the tunnel.
  const auto early = client.reader.take_unread();
  counts.up += early.size();
  client.reader.parser().forget_message();  // the tunnel may stay for days
  if (auto written = co_await origin.write(early); !written) co_return written;
  co_return co_await net::relay_sockets(*client.tcp, origin, counts);
}

net::Infallible<Ending> serve_tunnel(Client& client, const Destination& destination, RequestEvent& event) {
  // The origin first: once the client has its 200, a refusal can only be a closed connection.
  auto origin = co_await client.worker.dialer.dial(destination.host, destination.port, destination.reach);
  if (!origin) co_return co_await refuse_connect(client, std::move(origin).error(), event);
  event.status = 200;
  client.member.watch_origin(origin->get());
  client.member.enter(net::TaskGroup::Phase::idle);
  net::RelayCounts counts;
  co_await pass_through(client, **origin, counts);
  client.member.watch_origin(nullptr);
  event.bytes_up = counts.up;
  event.bytes_down = counts.down;
  co_return Ending::abort;  // both directions have ended already
}

/// Puts TLS on the client's connection, showing a certificate for the destination's host.
net::Task<> intercept(Client& client, const Destination& destination) {
  auto ssl = client.worker.leaves.session_for(*destination.settings->ca, destination.host);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  const auto early = client.reader.take_unread();
  auto stream = std::make_unique<net::TlsStream>(client.take_tcp(), std::move(*ssl), early);
  net::TlsStream& tls = *stream;
  client.use(std::move(stream));
  tls.expires_after(client.worker.runtime.timeouts().tls_handshake);
  auto done = co_await tls.handshake();
  if (done) client.reader.reset();
  co_return done;
}

/// Answers 200 and finds out whether TLS follows.
net::Task<Security> establish(Client& client) {
  const Timeouts& timeouts = client.worker.runtime.timeouts();
  client.stream->expires_after(timeouts.tls_handshake);
  if (auto written = co_await client.stream->write(base::as_bytes(kEstablished)); !written) {
    co_return std::unexpected(std::move(written).error());
  }
  client.member.enter(net::TaskGroup::Phase::idle);
  const auto first = co_await client.reader.peek(*client.stream);
  if (!first) co_return std::unexpected(first.error());
  co_return first->front() == kTlsHandshake ? Security::tls : Security::plaintext;
}

net::Infallible<Ending> serve_route(Client& client, const Destination& planned, RequestEvent& event) {
  const auto security = co_await establish(client);
  if (!security) co_return Ending::abort;
  event.status = 200;
  Destination destination = make_destination(planned.host, planned.port, planned.route, *security, planned.settings);
  const Bound bound(client, destination);
  if (*security == Security::tls) {
    if (auto done = co_await intercept(client, destination); !done) {
      event.refusal = name(done.error().code == Errc::unrecognized_name ? Errc::misdirected : Errc::bad_request);
      client.worker.runtime.notice(LogLevel::warn, fmt::format("route {}: the client's TLS handshake failed: {}",
                                                               destination.route->name, done.error().message()));
      co_return Ending::abort;
    }
  }
  co_await serve_bound(client, destination);
  co_return Ending::abort;  // serve_bound has closed it as it should be
}

}  // namespace

void note_other_port(const Runtime& runtime, const Route& route, std::uint16_t port) {
  runtime.notice(LogLevel::info,
                 fmt::format("{}:{} is not matched: route {} does not cover this port", route.host, port, route.name));
}

net::Infallible<Ending> serve_connect(Client& client) {
  const auto destination = connect_destination(client.worker, client.request());
  const auto judged = destination ? judge_request_token(client, destination->route) : Judged();
  Record record(client);
  record.event.method = "CONNECT";
  finish_bodyless(client);  // what follows the head is the tunnel's
  if (!destination) co_return co_await refuse_connect(client, destination.error(), record.event);
  record.concerns(*destination);
  record.event.token = judged.access.token_name();
  if (!judged) co_return co_await refuse_connect(client, judged.refusal.error(), record.event);
  client.access = judged.access;
  const Bound bound(client, *destination);  // from here on: what is revoked during a long dial ends it too
  if (destination->route != nullptr) co_return co_await serve_route(client, *destination, record.event);
  co_return co_await serve_tunnel(client, *destination, record.event);
}

}  // namespace cordon::proxy
