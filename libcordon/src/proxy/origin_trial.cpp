// try_origins of <cordon/diagnostics.hpp>.
#include <algorithm>

#include <cordon/ca_manager.hpp>
#include <cordon/diagnostics.hpp>

#include "proxy/origin_roots.hpp"
#include "proxy/trials.hpp"

namespace cordon {
namespace {

using proxy::run_all;
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

/// Its ports in turn, until one answers; what is told of a failure is the first one's.
net::Infallible<> try_route(Trials& trials, const Route& route, SSL_CTX& context, OriginTrial& result) {
  const std::vector<std::uint16_t> ports = route.ports.any ? std::vector<std::uint16_t>{443} : route.ports.list;
  const auto start = std::chrono::steady_clock::now();
  std::optional<OriginTrial> first;
  for (const std::uint16_t port : ports) {
    OriginTrial trial{.name = route.name,
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
  return {.name = route.name,
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
  for (std::size_t i = 0; i < results.size(); ++i)
    results[i] = failed_trial(config.routes[i], {Errc::internal, "out of memory"});
  run_all(trials, results.size(),
          [&](std::size_t i) { return try_route(trials, config.routes[i], *(*contexts)[i], results[i]); });
  return results;
}

}  // namespace cordon
