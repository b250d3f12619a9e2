// try_origins of <cordon/diagnostics.hpp>.
#include <algorithm>

#include <fmt/format.h>
#include <asio/co_spawn.hpp>

#include <cordon/ca_manager.hpp>
#include <cordon/diagnostics.hpp>

#include "net/blocking_pool.hpp"
#include "net/dialer.hpp"
#include "net/tls_stream.hpp"
#include "proxy/origin_roots.hpp"
#include "tls/context.hpp"
#include "tls/identity.hpp"

namespace cordon {
namespace {

/// One thread's worth of connections.
struct Trials {
  explicit Trials(const ProxyOptions& its_options) : options(its_options) {}

  const ProxyOptions& options;
  asio::io_context io{1};
  net::Watchdog watchdog{io.get_executor()};
  net::BlockingPool lookups{16};
  net::Resolver resolver{watchdog, options.fixed_addresses};
  std::vector<std::uint16_t> own_ports;
  net::Dialer dialer{
      watchdog, resolver, {lookups, lookups}, {options.timeouts.dns, options.timeouts.connect}, own_ports};
};

std::optional<std::chrono::system_clock::time_point> certificate_end(const SSL& ssl) {
  const bssl::UniquePtr<X509> certificate(SSL_get_peer_certificate(&ssl));
  if (!certificate) return std::nullopt;
  return tls::not_after(*certificate);
}

net::Task<> shake_hands(Trials& trials, SSL_CTX& context, std::unique_ptr<net::TcpStream> tcp, OriginTrial& trial) {
  auto ssl = tls::make_origin_session(context, trial.host);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  net::TlsStream stream(std::move(tcp), std::move(*ssl));
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

net::Task<> connect(Trials& trials, SSL_CTX& context, OriginTrial& trial) {
  const auto reach = trial.tls ? net::Reach::anywhere : net::Reach::private_only;
  auto tcp = co_await trials.dialer.dial(trial.host, trial.port, reach);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  if (!trial.tls) co_return Result<>();
  co_return co_await shake_hands(trials, context, std::move(*tcp), trial);
}

/// A route without TLS may also be spoken to with it, which its port tells.
bool speaks_tls(const Route& route, std::uint16_t port) {
  return !route.allow_plaintext || port == 443;
}

/// Its ports in turn, until one answers; what is told of a failure is the first one's.
net::Infallible<> try_route(Trials& trials, const Route& route, SSL_CTX& context, OriginTrial& result) {
  const std::vector<std::uint16_t> ports = route.ports.any ? std::vector<std::uint16_t>{443} : route.ports.list;
  const auto start = std::chrono::steady_clock::now();
  std::optional<OriginTrial> first;
  for (const std::uint16_t port : ports) {
    OriginTrial trial{.route = route.name,
                      .host = route.host,
                      .port = port,
                      .tls = speaks_tls(route, port),
                      .took = {},
                      .error = {},
                      .certificate_end = {}};
    const auto done = co_await connect(trials, context, trial);
    trial.took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    if (!done) trial.error = done.error();
    if (done || !first) first = trial;
    if (done) break;
  }
  if (first) result = *std::move(first);
}

OriginTrial failed_trial(const Route& route, Error error) {
  const std::uint16_t port = route.ports.list.empty() ? std::uint16_t{443} : route.ports.list.front();
  return {.route = route.name,
          .host = route.host,
          .port = port,
          .tls = speaks_tls(route, port),
          .took = {},
          .error = std::move(error),
          .certificate_end = {}};
}

std::vector<OriginTrial> all_failed(const Config& config, const std::vector<Error>& errors) {
  std::vector<OriginTrial> results;
  for (const Route& route : config.routes)
    results.push_back(failed_trial(route, errors.front()));
  return results;
}

using Contexts = std::vector<bssl::UniquePtr<SSL_CTX>>;

/// One for each route.
Result<Contexts> make_contexts(const Config& config, const proxy::OriginRoots& roots, const CaPaths& ca) {
  const auto info = inspect_ca(ca);
  const std::string own_ca = info ? info->pem : std::string();
  Contexts contexts;
  for (const Route& route : config.routes) {
    auto context = proxy::make_origin_tls(roots.of(route.upstream_ca_path), own_ca);
    if (!context) return std::unexpected(std::move(context).error());
    contexts.push_back(std::move(*context));
  }
  return contexts;
}

}  // namespace

std::vector<OriginTrial> try_origins(const Config& config, const CaPaths& ca, const ProxyOptions& options) {
  if (config.routes.empty()) return {};
  const auto roots = proxy::read_origin_roots(config, options.extra_roots_pem);
  if (!roots) return all_failed(config, roots.error());
  const auto contexts = make_contexts(config, *roots, ca);
  if (!contexts) return all_failed(config, {contexts.error()});
  std::vector<OriginTrial> results(config.routes.size());
  Trials trials(options);
  std::size_t open = results.size();
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i] = failed_trial(config.routes[i], {Errc::internal, "out of memory"});
    asio::co_spawn(trials.io, try_route(trials, config.routes[i], *(*contexts)[i], results[i]),
                   [&](const std::exception_ptr&) {
                     if (--open == 0) trials.watchdog.interrupt_all();
                   });
  }
  trials.io.run();
  return results;
}

}  // namespace cordon
