// File: proxy_server.hpp
//
// The proxy itself. A host program needs five lines:
//
//   auto loaded = cordon::Config::load("cordon.toml");
//   auto store = cordon::SecretStore::create(loaded->config.secrets);
//   auto server = cordon::ProxyServer::create(std::move(loaded->config), std::move(store), ca_paths, {});
//   std::thread runner([&] { server->run(); });
//   ...; server->stop(cordon::StopMode::graceful); runner.join();
//
// The library changes nothing of the process: no signal handler, no limits, no standard streams.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>
#include <cordon/event_sink.hpp>
#include <cordon/instance.hpp>
#include <cordon/secret_store.hpp>

namespace cordon {

/// How long the proxy waits for what. The defaults are the documented behaviour; tests shorten them.
struct Timeouts {
  std::chrono::milliseconds dns{5'000};
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds tls_handshake{10'000};
  std::chrono::milliseconds request_head{10'000};       ///< From a head's first byte to its last.
  std::chrono::milliseconds silent_connection{60'000};  ///< A new connection that sends nothing.
  std::chrono::milliseconds keep_alive{300'000};        ///< Between two requests of one connection.
  std::chrono::milliseconds response_gap{600'000};      ///< Until the response head, and between two reads of a body.
  std::chrono::milliseconds origin_idle{30'000};        ///< A pooled connection to an origin.
  std::chrono::milliseconds postgres_startup{10'000};   ///< Until a PostgreSQL client has said which session it wants.
  std::chrono::milliseconds postgres_login{30'000};     ///< From there until the origin is ready for its first query.
  std::chrono::milliseconds drain{4'000};               ///< What running requests get after a graceful stop.
};

struct ProxyOptions {
  std::string instance;  ///< The instance's name, told by /health in Cordon-Instance.
  unsigned workers = 1;  ///< Threads, each with its own listeners and connections. At least 1.
  Timeouts timeouts;
  std::filesystem::path tokens;  ///< tokens.toml: once it was there, requests to routes need a token. Empty: never.
  EventSink* sink = nullptr;     ///< Outlives the server. Null: nothing is reported.
  /// Names that are not looked up but taken to be these IP addresses, for host programs and tests; keys are canonical names.
  std::map<std::string, std::string> fixed_addresses;
  /// PEM roots trusted for origins besides the system's, for host programs and tests.
  std::string extra_roots_pem;
};

/// How to stop: let running requests finish for Timeouts::drain, or not.
enum class StopMode : std::uint8_t { graceful, immediate };

struct RouteStatus {
  std::string name, host;
  PortSet ports;
  bool approved = true;
  std::uint64_t requests = 0, injected = 0, refused = 0;  ///< All; with the secret sent; answered by the proxy itself.
  std::optional<std::chrono::system_clock::time_point> last_injection;
  SecretStatus secret;
};

struct ListenerStatus {
  std::string name;
  std::uint16_t port = 0;  ///< As bound; 0: it takes a restart.
  std::string upstream;    ///< `host:port`.
  bool approved = true;
  std::uint64_t open = 0, sessions = 0, refused = 0;  ///< Logged in now; ended so far; those of them that never began.
  std::optional<std::chrono::system_clock::time_point> last_login;
  SecretStatus secret;
};

/// A snapshot of a running proxy.
struct ProxyStatus {
  std::string instance;
  std::uint16_t port = 0;
  std::chrono::system_clock::time_point started;
  std::size_t connections = 0;  ///< Open now.
  std::uint64_t reloads = 0;    ///< Successful ones.
  bool tokens_enforced = false;
  std::uint64_t unmatched = 0;            ///< Requests and tunnels without a route.
  std::vector<RouteStatus> routes;        ///< In the config's order.
  std::vector<ListenerStatus> listeners;  ///< In the config's order.
};

/// What a successful reload has to say besides.
struct ReloadReport {
  std::vector<std::string> warnings;  ///< Sentences, such as that a changed `listen` needs a restart.
};

/// Or every error of the step that failed.
using ReloadOutcome = std::expected<ReloadReport, std::vector<Error>>;

/// A proxy that is bound to its port. Movable. Everything but `run` may be called from any thread.
class ProxyServer {
 public:
  /// Goes through the start-up sequence up to the bound port, in this order: validates the config, fetches every route's
  /// secret once in parallel, reads the roots for origins, loads or creates the CA (when TLS is enabled and `ca` is given),
  /// binds the port and those of the listeners. A step that fails leaves no trace of a later one: failing secrets leave no CA files and never an open port.
  /// @returns every error of the step that failed, or the server; /health answers once run() is called
  static std::expected<ProxyServer, std::vector<Error>> create(Config config, SecretStore secrets,
                                                               std::optional<CaPaths> ca, ProxyOptions options);

  ProxyServer(ProxyServer&&) noexcept;
  ProxyServer& operator=(ProxyServer&&) noexcept;
  /// run() must have returned, or never have been called.
  ~ProxyServer();

  /// The port that was bound.
  std::uint16_t port() const noexcept;

  /// Connections from clients that are open now.
  std::size_t active_connections() const noexcept;

  /// Goes through the start-up sequence again with another configuration, while requests are served as before, and puts
  /// it in place whole; what fails leaves everything as it was. Counts are kept by route name, cached secrets are dropped.
  /// Tunnels of routes that are gone, tunnels opened as unmatched to what is now a route, and sessions of listeners that are
  /// gone or lead elsewhere are closed; requests under way end with what they began with. Ports and ProxyOptions stay: a changed
  /// `listen`, a listener that is new, gone or on another port are only reported.
  /// Blocks for as long as secrets take, and for a reload that is under way. From any thread.
  ReloadOutcome reload(Config config, SecretStore secrets, std::optional<CaPaths> ca);

  /// From any thread. Takes locks that requests take too, each for a copy or for a look at tokens.toml.
  ProxyStatus status() const;

  /// The current figures in Prometheus' text format, as /metrics gives them. From any thread.
  std::string metrics() const;

  /// Drops what is cached of the secret of a route or listener, so that the next request or session fetches it. From any
  /// thread. @returns whether there is one called `name`
  bool forget_secret(std::string_view name);

  /// Accepts and serves until stop() is called; blocks the calling thread, which is the first worker.
  Result<> run();

  /// Ends run(): at once for idle connections and tunnels, for running requests as `mode` says. A second call with
  /// `immediate` cuts a graceful stop short. Safe before run(), and repeatedly.
  void stop(StopMode mode) noexcept;

 private:
  struct Impl;
  explicit ProxyServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon
