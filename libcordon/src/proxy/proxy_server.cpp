#include <cordon/proxy_server.hpp>

#include <algorithm>
#include <map>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <asio/post.hpp>

#include "base/files.hpp"
#include "base/signals_blocked.hpp"
#include "proxy/runtime.hpp"
#include "tls/roots.hpp"

namespace cordon {
namespace {

using proxy::Runtime;
using Errors = std::vector<Error>;

constexpr std::size_t kMaxRoots = std::size_t{4} * 1024 * 1024;

/// Step 1: the config's own rules.
Errors check_config(const Config& config) {
  Errors errors;
  for (const ConfigFault& fault : config.validate())
    errors.push_back({Errc::config_invalid, fault.to_string()});
  if (!config.listeners.empty()) {
    errors.push_back({Errc::not_supported, "[[listeners]]: this version of Cordon has no PostgreSQL listeners"});
  }
  return errors;
}

/// Step 2: every route's secret once, all failures together.
Errors check_secrets(const Config& config, const SecretStore& store) {
  std::vector<SecretRef> refs;
  for (const Route& route : config.routes)
    refs.push_back(route.secret);
  const auto results = store.check(refs);
  Errors errors;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) continue;
    const Error& error = results[i].error();
    errors.push_back(
        {error.code, fmt::format("route \"{}\": {}: {}", config.routes[i].name, describe(refs[i]), error.message())});
  }
  return errors;
}

using Pems = std::vector<std::string>;

/// Reads roots that the config names. Whoever can write them decides which origin gets a secret: nobody else may.
Result<> add_roots(const std::optional<std::filesystem::path>& path, Pems& pems) {
  if (!path) return {};
  auto pem = base::read_trusted_file(*path, kMaxRoots);
  if (!pem) return std::unexpected(std::move(pem).error());
  pems.push_back(std::move(*pem));
  return {};
}

/// The roots that origins are verified against: the system's, those for all origins, and those of single routes.
struct Roots {
  Pems common;
  std::map<const Route*, Pems> own;
};

/// Step 3: reads the roots.
Result<Roots> read_roots(const Config& config, const Runtime& runtime) {
  Roots roots;
  if (runtime.routes.routes().empty()) return roots;
  auto system = tls::system_roots_pem();
  if (!system) return std::unexpected(std::move(system).error());
  roots.common.push_back(std::move(*system));
  if (!runtime.options.extra_roots_pem.empty()) roots.common.push_back(runtime.options.extra_roots_pem);
  if (auto added = add_roots(config.tls.upstream_ca_path, roots.common); !added) return std::unexpected(added.error());
  for (const Route& route : runtime.routes.routes()) {
    if (!route.upstream_ca_path) continue;
    Pems& own = roots.own[&route] = roots.common;
    if (auto added = add_roots(route.upstream_ca_path, own); !added) return std::unexpected(added.error());
  }
  return roots;
}

/// TLS settings towards origins that trust `pems`, but never our own CA.
Result<bssl::UniquePtr<SSL_CTX>> make_origin_settings(const Pems& pems, const Runtime& runtime) {
  const std::string own_ca = runtime.ca ? runtime.ca->certificate_pem() : std::string();
  auto roots = tls::make_root_store(pems, tls::CordonCas::left_out, own_ca);
  if (!roots) return std::unexpected(std::move(roots).error());
  auto context = tls::make_origin_context(std::move(*roots));
  if (context) net::TlsSessions::enable(**context);
  return context;
}

/// After step 4, which tells what our own CA is.
Result<> trust_roots(const Roots& roots, Runtime& runtime) {
  if (roots.common.empty()) return {};
  auto settings = make_origin_settings(roots.common, runtime);
  if (!settings) return std::unexpected(std::move(settings).error());
  runtime.origin_tls = std::move(*settings);
  for (const auto& [route, pems] : roots.own) {
    auto own = make_origin_settings(pems, runtime);
    if (!own) return fail(own.error().code, fmt::format("route \"{}\": {}", route->name, own.error().message()));
    runtime.route_tls.emplace(route, std::move(*own));
  }
  return {};
}

/// Step 4: the CA, and the bundle that clients use.
Result<> open_ca(const std::optional<CaPaths>& paths, Runtime& runtime) {
  if (!paths) return {};
  auto ca = CaManager::open(*paths, {.label = runtime.options.instance});
  if (!ca) return std::unexpected(std::move(ca).error());
  if (auto refreshed = ca->refresh_bundle(); !refreshed) {
    // Clients may need it; the proxy does not.
    runtime.notice(LogLevel::warn, "the combined bundle could not be written: " + refreshed.error().message());
  }
  runtime.ca.emplace(std::move(*ca));
  return {};
}

}  // namespace

struct ProxyServer::Impl {
  explicit Impl(std::unique_ptr<Runtime> runtime_) : runtime(std::move(runtime_)) {}

  /// Step 5: the port, on each worker.
  Result<> bind(std::uint16_t port);
  void stop(StopMode mode);

  std::unique_ptr<Runtime> runtime;
  proxy::BlockingPools pools;
  std::vector<std::unique_ptr<proxy::Worker>> workers;
  std::uint16_t port = 0;
};

Result<> ProxyServer::Impl::bind(std::uint16_t wanted) {
  const unsigned count = std::max(1U, runtime->options.workers);
  auto sharing = count > 1 ? net::Sharing::first : net::Sharing::none;
  port = wanted;
  for (unsigned i = 0; i < count; ++i) {
    auto worker = std::make_unique<proxy::Worker>(*runtime, pools);
    if (auto bound = worker->listen(port, sharing); !bound) return bound;
    port = worker->listener->port();
    workers.push_back(std::move(worker));
    sharing = net::Sharing::join;
  }
  runtime->own_ports.push_back(port);
  return {};
}

void ProxyServer::Impl::stop(StopMode mode) {
  for (const auto& worker : workers) {
    asio::post(worker->io, [&worker = *worker, mode] { worker.stop(mode); });
  }
}

ProxyServer::ProxyServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
ProxyServer::ProxyServer(ProxyServer&&) noexcept = default;
ProxyServer& ProxyServer::operator=(ProxyServer&&) noexcept = default;
ProxyServer::~ProxyServer() = default;

std::expected<ProxyServer, std::vector<Error>> ProxyServer::create(Config config, SecretStore secrets,
                                                                   std::optional<CaPaths> ca, ProxyOptions options) {
  const auto failed = [](Error error) { return std::unexpected(Errors{std::move(error)}); };
  if (auto errors = check_config(config); !errors.empty()) return std::unexpected(std::move(errors));
  if (auto errors = check_secrets(config, secrets); !errors.empty()) return std::unexpected(std::move(errors));

  EventSink* sink = options.sink != nullptr ? options.sink : &null_sink();
  auto runtime = std::make_unique<Runtime>(config.routes, std::move(options));
  runtime->sink = sink;
  runtime->secrets = std::make_shared<const SecretStore>(std::move(secrets));
  const auto roots = read_roots(config, *runtime);
  if (!roots) return failed(roots.error());
  if (!config.tls.enabled) ca.reset();
  if (auto opened = open_ca(ca, *runtime); !opened) return failed(opened.error());
  if (auto trusted = trust_roots(*roots, *runtime); !trusted) return failed(trusted.error());

  auto impl = std::make_unique<Impl>(std::move(runtime));
  if (auto bound = impl->bind(config.listen); !bound) return failed(bound.error());
  return ProxyServer(std::move(impl));
}

std::uint16_t ProxyServer::port() const noexcept {
  return impl_->port;
}

std::size_t ProxyServer::active_connections() const noexcept {
  return impl_->runtime->connections;
}

Result<> ProxyServer::run() {
  Result<> result;
  std::vector<std::jthread> others;
  try {
    const base::SignalsBlocked blocked;
    for (std::size_t i = 1; i < impl_->workers.size(); ++i) {
      others.emplace_back([worker = impl_->workers[i].get()] { worker->run(); });
    }
  } catch (const std::system_error& error) {
    result = fail(Errc::internal, std::string("cannot start a worker's thread: ") + error.what());
    impl_->stop(StopMode::immediate);
  }
  impl_->workers.front()->run();
  return result;
}

void ProxyServer::stop(StopMode mode) noexcept {
  impl_->stop(mode);
}

}  // namespace cordon
