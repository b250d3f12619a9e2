#include <cordon/proxy_server.hpp>

#include <algorithm>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <asio/post.hpp>

#include "base/signals_blocked.hpp"
#include "base/sigpipe_blocked.hpp"
#include "proxy/runtime.hpp"

namespace cordon {
namespace {

using proxy::Runtime;
using proxy::Settings;
using Errors = std::vector<Error>;

/// One thread a secret that is being fetched: routes whose stores hang must not use up those of others.
constexpr std::size_t kMaxFetches = 1024;

std::optional<std::chrono::system_clock::time_point> time_of(std::int64_t milliseconds) {
  if (milliseconds == 0) return std::nullopt;
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(milliseconds));
}

RouteStatus status_of(const Route& route, const Settings::RouteParts& parts) {
  const proxy::RouteCounters& counters = *parts.counters;
  RouteStatus status;
  status.name = route.name;
  status.host = route.host;
  status.ports = route.ports;
  status.approved = route.approved;
  status.requests = counters.all_requests();
  status.injected = counters.injected;
  status.refused = counters.requests[static_cast<std::size_t>(proxy::Outcome::refused)];
  status.last_injection = time_of(counters.last_injection);
  status.secret = parts.secret->status();
  status.secret.source = describe(route.secret);
  return status;
}

ListenerStatus status_of(const Listener& listener, const Settings::ListenerParts& parts, std::uint16_t bound_port) {
  const proxy::ListenerCounters& counters = *parts.counters;
  const auto ended = [&](proxy::Outcome how) { return counters.sessions[static_cast<std::size_t>(how)].load(); };
  ListenerStatus status;
  status.name = listener.name;
  status.port = bound_port;
  const bool literal6 = listener.upstream_host.find(':') != std::string::npos;
  status.upstream = fmt::format("{}{}{}:{}", literal6 ? "[" : "", listener.upstream_host, literal6 ? "]" : "",
                                listener.upstream_port);
  status.approved = listener.approved;
  status.open = counters.open;
  status.refused = ended(proxy::Outcome::refused);
  status.sessions = status.refused + ended(proxy::Outcome::answered) + ended(proxy::Outcome::aborted);
  status.last_login = time_of(counters.last_login);
  status.secret = parts.secret->status();
  status.secret.source = describe(listener.secret);
  return status;
}

/// What of `wanted` takes a restart, in sentences; `bound` are the ports by the listeners' names.
std::vector<std::string> restart_reasons(const std::vector<Listener>& wanted,
                                         const std::map<std::string, std::uint16_t>& bound) {
  std::vector<std::string> reasons;
  for (const Listener& listener : wanted) {
    const auto port = bound.find(listener.name);
    if (port == bound.end()) {
      reasons.push_back(fmt::format("the listener \"{}\" is new, which takes a restart", listener.name));
    } else if (listener.port != 0 && port->second != listener.port) {
      reasons.push_back(
          fmt::format("the port of the listener \"{}\" has changed to {}, which takes a restart: it stays {}",
                      listener.name, listener.port, port->second));
    }
  }
  for (const auto& [name, port] : bound) {
    if (std::ranges::find(wanted, name, &Listener::name) != wanted.end()) continue;
    reasons.push_back(
        fmt::format("the listener \"{}\" is gone: its port, {}, refuses sessions until a restart", name, port));
  }
  return reasons;
}

}  // namespace

struct ProxyServer::Impl {
  explicit Impl(ProxyOptions options) : runtime(std::move(options)) {}

  std::expected<std::shared_ptr<const Settings>, Errors> build(Config config, SecretStore secrets,
                                                               std::optional<CaPaths> ca) {
    return proxy::build_settings(std::move(config), std::move(secrets), std::move(ca),
                                 {runtime.options, runtime.sink, runtime.metrics, fetches});
  }

  /// The last step: the port and the listeners' ports, on each worker.
  Result<> bind(std::uint16_t port);
  Result<> bind_listener(const Listener& listener);
  void stop(StopMode mode);
  /// Hands other settings to each worker, and waits until all have them.
  void distribute(const std::shared_ptr<const Settings>& next);
  std::shared_ptr<const Settings> current() const {
    const std::lock_guard lock(mutex);
    return settings;
  }

  Runtime runtime;
  // With each cache, which hands jobs to it until the cache ends.
  std::shared_ptr<net::BlockingPool> fetches = std::make_shared<net::BlockingPool>(kMaxFetches);
  std::mutex reloading;
  mutable std::mutex mutex;
  std::shared_ptr<const Settings> settings;  // with the workers; guarded by `mutex`, which they never take
  std::atomic<bool> running = false;
  proxy::BlockingPools pools;
  std::vector<std::unique_ptr<proxy::Worker>> workers;
  std::uint16_t port = 0;
  std::map<std::string, std::uint16_t> listener_ports;  ///< As bound, by name.
};

Result<> ProxyServer::Impl::bind(std::uint16_t wanted) {
  const unsigned count = std::max(1U, runtime.options.workers);
  auto sharing = count > 1 ? net::Sharing::first : net::Sharing::none;
  port = wanted;
  for (unsigned i = 0; i < count; ++i) {
    auto worker = std::make_unique<proxy::Worker>(runtime, settings, pools);
    if (auto bound = worker->listen(port, sharing); !bound) return bound;
    port = worker->listener->port();
    workers.push_back(std::move(worker));
    sharing = net::Sharing::join;
  }
  runtime.own_ports.push_back(port);
  for (const Listener& listener : settings->listeners) {
    if (auto bound = bind_listener(listener); !bound) return bound;
  }
  return {};
}

Result<> ProxyServer::Impl::bind_listener(const Listener& listener) {
  auto sharing = workers.size() > 1 ? net::Sharing::first : net::Sharing::none;
  std::uint16_t shared = listener.port;
  for (const auto& worker : workers) {
    const auto bound = worker->listen_for(listener.name, shared, sharing);
    if (!bound) {
      return fail(bound.error().code, fmt::format("listener \"{}\": {}", listener.name, bound.error().message()));
    }
    shared = *bound;
    sharing = net::Sharing::join;
  }
  listener_ports[listener.name] = shared;
  runtime.own_ports.push_back(shared);
  return {};
}

void ProxyServer::Impl::stop(StopMode mode) {
  for (const auto& worker : workers) {
    asio::post(worker->io, [&worker = *worker, mode] { worker.stop(mode); });
  }
}

void ProxyServer::Impl::distribute(const std::shared_ptr<const Settings>& next) {
  std::vector<std::future<void>> adopted;
  for (const auto& worker : workers) {
    auto done = std::make_shared<std::promise<void>>();
    adopted.push_back(done->get_future());
    asio::post(worker->io, [&worker = *worker, next, done] {
      worker.adopt(next);
      done->set_value();
    });
  }
  for (const auto& each : adopted) {
    // A worker that ends meanwhile, or has not begun, adopts when it runs: never, or before its first connection.
    while (running && each.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
    }
  }
}

ProxyServer::ProxyServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
ProxyServer::ProxyServer(ProxyServer&&) noexcept = default;
ProxyServer& ProxyServer::operator=(ProxyServer&&) noexcept = default;
ProxyServer::~ProxyServer() = default;

std::expected<ProxyServer, std::vector<Error>> ProxyServer::create(Config config, SecretStore secrets,
                                                                   std::optional<CaPaths> ca, ProxyOptions options) {
  const std::uint16_t port = config.listen;
  auto impl = std::make_unique<Impl>(std::move(options));
  auto settings = impl->build(std::move(config), std::move(secrets), std::move(ca));
  if (!settings) return std::unexpected(std::move(settings).error());
  impl->settings = std::move(*settings);
  if (auto bound = impl->bind(port); !bound) return std::unexpected(Errors{std::move(bound).error()});
  impl->runtime.token_watch.current();  // for the log: whether tokens are enforced
  return ProxyServer(std::move(impl));
}

ReloadOutcome ProxyServer::reload(Config config, SecretStore secrets, std::optional<CaPaths> ca) {
  // Two at a time could leave one worker with the settings of the one, and another with the other's.
  const std::lock_guard one_at_a_time(impl_->reloading);
  auto next = impl_->build(std::move(config), std::move(secrets), std::move(ca));
  if (!next) return std::unexpected(std::move(next).error());
  const auto before = impl_->current();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->settings = *next;
  }
  impl_->distribute(*next);
  // Sessions that end later hold the old settings; not the old values.
  before->secrets->forget_all();
  ++impl_->runtime.metrics.reloads;
  ReloadReport report;
  if (const std::uint16_t wanted = (*next)->listen; wanted != 0 && wanted != impl_->port) {
    report.warnings.push_back(
        fmt::format("`listen` has changed to {}, which takes a restart: the port stays {}", wanted, impl_->port));
  }
  for (std::string& reason : restart_reasons((*next)->listeners, impl_->listener_ports))
    report.warnings.push_back(std::move(reason));
  return report;
}

ProxyStatus ProxyServer::status() const {
  const proxy::Metrics& metrics = impl_->runtime.metrics;
  ProxyStatus status;
  status.instance = impl_->runtime.options.instance;
  status.port = impl_->port;
  status.started = metrics.started;
  status.tokens_enforced = impl_->runtime.token_watch.current() != nullptr;
  status.connections = metrics.connections;
  status.reloads = metrics.reloads;
  status.unmatched = impl_->runtime.metrics.unmatched().all_requests();
  const auto settings = impl_->current();
  for (const Route& route : settings->routes.routes())
    status.routes.push_back(status_of(route, settings->of(route)));
  for (const Listener& listener : settings->listeners) {
    const auto bound = impl_->listener_ports.find(listener.name);
    status.listeners.push_back(status_of(listener, settings->of(listener),
                                         bound == impl_->listener_ports.end() ? std::uint16_t{0} : bound->second));
  }
  return status;
}

std::string ProxyServer::metrics() const {
  std::string figures;
  impl_->runtime.metrics.write(figures);
  return figures;
}

bool ProxyServer::forget_secret(std::string_view name) {
  const auto settings = impl_->current();
  const auto& routes = settings->routes.routes();
  if (const auto route = std::ranges::find(routes, name, &Route::name); route != routes.end()) {
    settings->of(*route).secret->forget();
    return true;
  }
  const Listener* const listener = settings->find_listener(name);
  if (listener == nullptr) return false;
  settings->of(*listener).secret->forget();
  return true;
}

std::uint16_t ProxyServer::port() const noexcept {
  return impl_->port;
}

std::size_t ProxyServer::active_connections() const noexcept {
  return impl_->runtime.metrics.connections;
}

Result<> ProxyServer::run() {
  Result<> result;
  impl_->running = true;
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
  {
    [[maybe_unused]] const base::SigpipeBlocked blocked;  // on the host's own thread; the others take no signal at all
    impl_->workers.front()->run();
  }
  impl_->running = false;
  return result;
}

void ProxyServer::stop(StopMode mode) noexcept {
  impl_->stop(mode);
}

}  // namespace cordon
