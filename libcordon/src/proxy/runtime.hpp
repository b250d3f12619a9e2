// What sessions work with. `Runtime` is built once and never changes while workers run; a `Worker` is one thread with
// all that it owns. A connection never changes its worker, so nothing here is locked.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <cordon/ca_manager.hpp>
#include <cordon/proxy_server.hpp>

#include "inject/route_table.hpp"
#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "net/pool.hpp"
#include "net/task_group.hpp"
#include "net/tls_sessions.hpp"
#include "proxy/leaf_contexts.hpp"
#include "proxy/secret_fetcher.hpp"
#include "tls/context.hpp"

namespace cordon::proxy {

/// Shared by all workers; immutable, but for the count.
struct Runtime {
  Runtime(std::vector<Route> routes_, ProxyOptions options_)
      : routes(std::move(routes_)), options(std::move(options_)) {}

  inject::RouteTable routes;
  ProxyOptions options;
  EventSink* sink = nullptr;                   ///< Never null once built.
  std::shared_ptr<const SecretStore> secrets;  // shared with threads that fetch: see SecretFetcher
  std::optional<CaManager> ca;                 ///< None: TLS is switched off, and routes are not intercepted.
  bssl::UniquePtr<SSL_CTX> origin_tls;         ///< Null without routes: nothing is ever asked over TLS then.
  std::unordered_map<const Route*, bssl::UniquePtr<SSL_CTX>> route_tls;  ///< For routes with roots of their own.
  std::vector<std::uint16_t> own_ports;
  std::atomic<std::size_t> connections{0};

  const Timeouts& timeouts() const noexcept { return options.timeouts; }
  SSL_CTX& tls_for(const Route& route) const {
    const auto own = route_tls.find(&route);
    return own != route_tls.end() ? *own->second : *origin_tls;
  }
  void notice(LogLevel level, std::string_view text) const noexcept { sink->on_notice(level, text); }
};

/// The threads for calls that can only block, shared by the workers.
struct BlockingPools {
  net::BlockingPool route_lookups{16};
  net::BlockingPool other_lookups{16};
  net::BlockingPool secrets{64};
};

struct Worker {
  Worker(Runtime& runtime, BlockingPools& pools);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Binds the worker's own listening socket.
  Result<> listen(std::uint16_t port, net::Sharing sharing);
  /// Serves until stop() has been carried out. Blocks.
  void run();
  /// Begins to stop; posted to the worker's own thread by ProxyServer.
  void stop(StopMode mode);

  Runtime& runtime;
  asio::io_context io{1};
  net::Watchdog watchdog{io.get_executor()};
  net::TlsSessions tls_sessions;  // outlives the pooled connections that hand sessions over
  net::TaskGroup sessions{watchdog};
  net::Pool pool{watchdog};
  net::Resolver resolver;
  net::Dialer dialer;
  SecretFetcher secrets;
  LeafContexts leaves;
  std::optional<net::Listener> listener;

 private:
  net::Infallible<> accept_all();
  net::Infallible<> drain();
  bool stopping_ = false;
};

}  // namespace cordon::proxy
