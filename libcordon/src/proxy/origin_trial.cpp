// try_origins of <cordon/diagnostics.hpp>.
#include <optional>

#include <cordon/ca_manager.hpp>
#include <cordon/diagnostics.hpp>

#include "proxy/trials.hpp"

namespace cordon {
namespace {

using proxy::shake_hands;
using proxy::Trials;

net::Task<> connect(Trials& trials, SSL_CTX& context, OriginTrial& trial) {
  const auto reach = trial.tls ? net::Reach::anywhere : net::Reach::private_only;
  auto tcp = co_await trials.dialer.dial(trial.host, trial.port, reach);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  if (!trial.tls) co_return Result<>();
  auto ssl = tls::make_origin_session(context, trial.host);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  co_return co_await shake_hands(trials, std::move(*tcp), std::move(*ssl), trial);
}

/// A route without TLS may also be spoken to with it, which its port tells.
bool speaks_tls(const Route& route, std::uint16_t port) {
  return !route.allow_plaintext || port == 443;
}

OriginTrial trial_of(const Route& route, std::uint16_t port) {
  return {.name = route.name,
          .host = route.host,
          .port = port,
          .tls = speaks_tls(route, port),
          .took = {},
          .error = {},
          .certificate_end = {}};
}

/// Never empty.
std::vector<std::uint16_t> ports_of(const Route& route) {
  return route.ports.any || route.ports.list.empty() ? std::vector<std::uint16_t>{443} : route.ports.list;
}

/// Its ports in turn, until one answers; what is told of a failure is the first one's.
net::Infallible<> try_route(Trials& trials, const Route& route, proxy::PreparedTrial& prepared) {
  const auto start = std::chrono::steady_clock::now();
  std::optional<OriginTrial> first;
  for (const std::uint16_t port : ports_of(route)) {
    OriginTrial trial = trial_of(route, port);
    const auto done = co_await connect(trials, *prepared.context, trial);
    trial.took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    if (!done) trial.error = done.error();
    if (done || !first) first = trial;
    if (done) break;
  }
  if (first) prepared.result = *std::move(first);
}

proxy::PreparedTrial prepare(const Config& config, const Route& route, const std::string& own_ca,
                             const ProxyOptions& options) {
  Config alone = config;
  alone.routes = {route};
  alone.listeners.clear();
  return {trial_of(route, ports_of(route).front()),
          proxy::make_trial_tls(alone, route.upstream_ca_path, own_ca, options)};
}

}  // namespace

std::vector<OriginTrial> try_origins(const Config& config, const CaPaths& ca, const ProxyOptions& options) {
  const auto info = inspect_ca(ca);
  std::vector<proxy::PreparedTrial> prepared;
  for (const Route& route : config.routes)
    prepared.push_back(prepare(config, route, info ? info->pem : std::string(), options));
  return proxy::run_all(std::move(prepared), options, [&](Trials& trials, std::size_t i, proxy::PreparedTrial& each) {
    return try_route(trials, config.routes[i], each);
  });
}

}  // namespace cordon
