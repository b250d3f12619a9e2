#include "proxy/trials.hpp"

#include "net/tls_stream.hpp"
#include "proxy/origin_roots.hpp"
#include "tls/identity.hpp"

namespace cordon::proxy {
namespace {

std::optional<std::chrono::system_clock::time_point> certificate_end(const SSL& ssl) {
  const bssl::UniquePtr<X509> certificate(SSL_get_peer_certificate(&ssl));
  if (!certificate) return std::nullopt;
  return tls::not_after(*certificate);
}

}  // namespace

Result<bssl::UniquePtr<SSL_CTX>> make_trial_tls(const Config& alone,
                                                const std::optional<std::filesystem::path>& upstream_ca_path,
                                                std::string_view own_ca, const ProxyOptions& options) {
  const auto roots = read_origin_roots(alone, options.extra_roots_pem);
  if (!roots) return std::unexpected(roots.error().front());
  return make_origin_tls(roots->of(upstream_ca_path), own_ca);
}

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
