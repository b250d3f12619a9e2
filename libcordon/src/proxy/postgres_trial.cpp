// try_servers of <cordon/diagnostics.hpp>.
#include <cordon/ca_manager.hpp>

#include "proxy/ssl_request.hpp"
#include "proxy/trials.hpp"

namespace cordon {
namespace {

using proxy::shake_hands;
using proxy::Trials;

net::Task<> connect(Trials& trials, SSL_CTX* context, OriginTrial& trial) {
  const auto reach = trial.tls ? net::Reach::anywhere : net::Reach::private_only;
  auto tcp = co_await trials.dialer.dial(trial.host, trial.port, reach);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  (*tcp)->expires_after(trials.options.timeouts.tls_handshake);
  auto asked = co_await proxy::ask_for_tls(**tcp, trial.tls ? UpstreamTls::verify_full : UpstreamTls::disable);
  if (!asked || !trial.tls) co_return asked;
  auto ssl = tls::make_origin_session(*context, trial.host, tls::Protocol::postgresql);
  if (!ssl) co_return std::unexpected(std::move(ssl).error());
  co_return co_await shake_hands(trials, std::move(*tcp), std::move(*ssl), trial);
}

/// `prepared.context` is null for a server without TLS.
net::Infallible<> try_server(Trials& trials, proxy::PreparedTrial& prepared) {
  const auto start = std::chrono::steady_clock::now();
  OriginTrial& result = prepared.result;
  const auto done = co_await connect(trials, prepared.context.get(), result);
  result.took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  if (!done) result.error = done.error();
}

proxy::PreparedTrial prepare(const Config& config, const Listener& listener, const std::string& own_ca,
                             const ProxyOptions& options) {
  OriginTrial trial{.name = listener.name,
                    .host = listener.upstream_host,
                    .port = listener.upstream_port,
                    .tls = listener.upstream_tls == UpstreamTls::verify_full,
                    .took = {},
                    .error = {},
                    .certificate_end = {}};
  if (!trial.tls) return {std::move(trial), nullptr};
  Config alone = config;
  alone.routes.clear();
  alone.listeners = {listener};
  return {std::move(trial), proxy::make_trial_tls(alone, listener.upstream_ca_path, own_ca, options)};
}

}  // namespace

std::vector<OriginTrial> try_servers(const Config& config, const CaPaths& ca, const ProxyOptions& options) {
  const auto info = inspect_ca(ca);
  std::vector<proxy::PreparedTrial> prepared;
  for (const Listener& listener : config.listeners)
    prepared.push_back(prepare(config, listener, info ? info->pem : std::string(), options));
  return proxy::run_all(std::move(prepared), options, [](Trials& trials, std::size_t, proxy::PreparedTrial& each) {
    return try_server(trials, each);
  });
}

}  // namespace cordon
