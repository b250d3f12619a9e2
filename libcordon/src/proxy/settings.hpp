// What follows from a configuration. Built whole, by start and by reload in the same steps, and never changed: sessions
// hold on to the settings that they began with, and find newer ones at their worker.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <cordon/ca_manager.hpp>
#include <cordon/proxy_server.hpp>

#include "inject/route_table.hpp"
#include "net/blocking_pool.hpp"
#include "proxy/metrics.hpp"
#include "secrets/cache.hpp"
#include "tls/context.hpp"

namespace cordon::proxy {

struct Settings {
  Settings(std::vector<Route> routes_, std::vector<Listener> listeners_)
      : routes(std::move(routes_)), listeners(std::move(listeners_)) {}

  inject::RouteTable routes;
  std::vector<Listener> listeners;
  std::unique_ptr<secrets::Cache> secrets;  ///< Never null once built. Changes in itself, thread-safely.
  std::optional<CaManager> ca;              ///< None: TLS is switched off, and routes are not intercepted.
  bssl::UniquePtr<SSL_CTX> origin_tls;      ///< Null when nothing is ever asked over TLS.
  std::vector<std::uint32_t> allow_uids;
  std::uint16_t listen = 0;  ///< As configured; 0 for any free port.

  /// What belongs to one route besides its configuration.
  struct RouteParts {
    std::shared_ptr<secrets::CacheEntry> secret;  // with routes of the same secret. Never null once built.
    bssl::UniquePtr<SSL_CTX> own_tls;             ///< Null: it has no roots of its own.
    RouteCounters* counters = nullptr;            ///< Never null once built. Lives as long as the server.
  };
  std::vector<RouteParts> parts;  ///< In the order of the routes.

  /// What belongs to one listener besides its configuration.
  struct ListenerParts {
    std::shared_ptr<secrets::CacheEntry> secret;  // with those of the same secret. Never null once built.
    bssl::UniquePtr<SSL_CTX> own_tls;             ///< Null: it has no roots of its own.
    ListenerCounters* counters = nullptr;         ///< Never null once built. Lives as long as the server.
  };
  std::vector<ListenerParts> listener_parts;  ///< In the order of the listeners.

  /// The listener called `name`, or null.
  const Listener* find_listener(std::string_view name) const noexcept;

  /// Whether processes of `uid` may connect: those of our own effective user, and of `allow_uids`. Root is nobody special.
  bool admits(std::uint32_t uid) const noexcept;

  /// `route` is one of `routes`.
  const RouteParts& of(const Route& route) const noexcept {
    return parts[static_cast<std::size_t>(&route - routes.routes().data())];
  }
  SSL_CTX& tls_for(const Route& route) const noexcept {
    const auto& own = of(route).own_tls;
    return own ? *own : *origin_tls;
  }
  /// `listener` is one of `listeners`.
  const ListenerParts& of(const Listener& listener) const noexcept {
    return listener_parts[static_cast<std::size_t>(&listener - listeners.data())];
  }
  SSL_CTX& tls_for(const Listener& listener) const noexcept {
    const auto& own = of(listener).own_tls;
    return own ? *own : *origin_tls;
  }
};

/// What building settings takes from the server, which outlives them.
struct SettingsContext {
  const ProxyOptions& options;
  EventSink& sink;
  Metrics& metrics;
  std::shared_ptr<net::BlockingPool> fetches;  // with caches that have not ended: threads that ask secret stores
};

/// The start-up sequence up to the port: the config's rules, secrets, roots, CA. A step that fails leaves no trace of a later
/// one. Blocks for as long as secrets take. Any thread. @returns every error of the step that failed
std::expected<std::shared_ptr<const Settings>, std::vector<Error>> build_settings(Config config, SecretStore secrets,
                                                                                  std::optional<CaPaths> ca,
                                                                                  const SettingsContext& context);

}  // namespace cordon::proxy
