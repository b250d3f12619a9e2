#include "proxy/origin.hpp"

#include "net/tls_stream.hpp"

namespace cordon::proxy {
namespace {

/// What a failed handshake means to the request that needed it.
Error handshake_error(Error error) {
  if (error.code == Errc::timed_out) return {Errc::upstream_timeout, "the TLS handshake took too long"};
  if (error.code == Errc::cancelled || error.code == Errc::upstream_tls) return error;
  return {Errc::upstream_tls, "the origin closed the connection during the handshake"};
}

net::Task<std::unique_ptr<net::Stream>> start_tls(Worker& worker, const Destination& destination,
                                                  std::unique_ptr<net::TcpStream> tcp) {
  auto ssl = tls::make_origin_session(destination.settings->tls_for(*destination.route), destination.host);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  worker.tls_sessions.begin(**ssl, destination.pool_key);
  auto stream = std::make_unique<net::TlsStream>(std::move(tcp), std::move(*ssl));
  stream->expires_after(worker.runtime.timeouts().tls_handshake);
  if (auto done = co_await stream->handshake(); !done)
    co_return std::unexpected(handshake_error(std::move(done).error()));
  co_return stream;
}

}  // namespace

net::Task<OriginConnection> open_origin(Worker& worker, const Destination& destination, Freshness freshness) {
  if (freshness == Freshness::any) {
    if (auto kept = worker.pool.take(destination.pool_key)) co_return OriginConnection{std::move(kept), true};
  }
  auto tcp = co_await worker.dialer.dial(destination.host, destination.port, destination.reach);
  if (!tcp) {
    const bool not_private =
        tcp.error().code == Errc::destination_denied && destination.reach == net::Reach::private_only;
    if (not_private) co_return fail(Errc::plaintext_refused, "the origin's address is not loopback or private");
    co_return std::unexpected(std::move(tcp).error());
  }
  if (destination.security == Security::plaintext) co_return OriginConnection{std::move(*tcp), false};
  auto stream = co_await start_tls(worker, destination, std::move(*tcp));
  if (!stream) co_return std::unexpected(std::move(stream).error());
  co_return OriginConnection{std::move(*stream), false};
}

}  // namespace cordon::proxy
