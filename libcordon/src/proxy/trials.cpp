#include "proxy/trials.hpp"

#include "net/tls_stream.hpp"
#include "tls/identity.hpp"

namespace cordon::proxy {
namespace {

std::optional<std::chrono::system_clock::time_point> certificate_end(const SSL& ssl) {
  const bssl::UniquePtr<X509> certificate(SSL_get_peer_certificate(&ssl));
  if (!certificate) return std::nullopt;
  return tls::not_after(*certificate);
}

}  // namespace

net::Task<> shake_hands(Trials& trials, std::unique_ptr<net::TcpStream> tcp, bssl::UniquePtr<SSL> ssl,
                        OriginTrial& trial) {
  net::TlsStream stream(std::move(tcp), std::move(ssl));
  stream.expires_after(trials.options.timeouts.tls_handshake);
  auto done = co_await stream.handshake();
  if (done) {
    trial.certificate_end = certificate_end(stream.ssl());
    co_return done;
  }
  if (done.error().code == Errc::timed_out) co_return fail(Errc::upstream_timeout, "the TLS handshake took too long");
  if (done.error().code == Errc::upstream_tls) co_return done;
  co_return fail(Errc::upstream_tls, "the origin closed the connection during the handshake");
}

}  // namespace cordon::proxy
