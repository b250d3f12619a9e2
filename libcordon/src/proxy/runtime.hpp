// What sessions work with. `Runtime` is the server as all workers see it; a `Worker` is one thread with all that it owns.
// A connection never changes its worker, so what a Worker owns is not locked; TokenWatch locks for itself.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/dialer.hpp"
#include "net/listener.hpp"
#include "net/peer.hpp"
#include "net/peer_programs.hpp"
#include "net/pool.hpp"
#include "net/task_group.hpp"
#include "net/tls_sessions.hpp"
#include "proxy/access.hpp"
#include "proxy/cancel_keys.hpp"
#include "proxy/leaf_contexts.hpp"
#include "proxy/metrics.hpp"
#include "proxy/salted_passwords.hpp"
#include "proxy/settings.hpp"
#include "tokens/token_watch.hpp"

namespace cordon::proxy {

/// Shared by all workers; immutable while they run, but for the counts and the tokens, which are safe to share.
struct Runtime {
  explicit Runtime(ProxyOptions options_)
      : options(std::move(options_)), sink(options.sink != nullptr ? *options.sink : null_sink()) {}

  ProxyOptions options;
  EventSink& sink;
  tokens::TokenWatch token_watch{options.tokens, sink};
  Metrics metrics;
  CancelKeys cancel_keys;
  std::vector<std::uint16_t> own_ports;

  const Timeouts& timeouts() const noexcept { return options.timeouts; }
  void notice(LogLevel level, std::string_view text) const noexcept { sink.on_notice(level, text); }
};

/// The threads for calls that can only block, shared by the workers.
struct BlockingPools {
  net::BlockingPool route_lookups{16};
  net::BlockingPool other_lookups{16};
  /// For passwords of PostgreSQL logins: milliseconds each, or seconds where an origin wants it. One a listener at a time.
  net::BlockingPool hashing{16};
  net::PeerPrograms programs;
};

struct Worker {
  Worker(Runtime& runtime, std::shared_ptr<const Settings> settings, BlockingPools& pools);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Binds the worker's own listening socket.
  Result<> listen(std::uint16_t port, net::Sharing sharing);
  /// The same for a listener, called `name` for as long as the worker lives. @returns the port, which may be given as 0
  Result<std::uint16_t> listen_for(std::string name, std::uint16_t port, net::Sharing sharing);
  /// Serves until stop() has been carried out. Blocks.
  void run();
  /// Goes on with other settings, and ends the sessions that they leave no place for. On the worker's own thread.
  void adopt(std::shared_ptr<const Settings> next);
  /// Begins to stop; posted to the worker's own thread by ProxyServer.
  void stop(StopMode mode);

  Runtime& runtime;
  std::shared_ptr<const Settings> settings;  // with the other workers, and with sessions that began with them
  Tokens tokens;                             ///< Those that the open tunnels were judged by last.
  asio::io_context io{1};
  net::Watchdog watchdog{io.get_executor()};
  net::TlsSessions tls_sessions;  // outlives the pooled connections that hand sessions over
  net::TaskGroup sessions{watchdog};
  net::Pool pool{watchdog};
  net::Resolver resolver;
  net::Dialer dialer;
  LeafContexts leaves;
  net::PeerLookup peers;
  net::PeerPrograms& programs;
  SaltedPasswords salted_passwords;
  std::size_t half_open = 0;  ///< PostgreSQL clients that are not logged in yet.
  std::optional<net::Listener> listener;

 private:
  /// A PostgreSQL listener's port.
  struct PostgresPort {
    std::string name;
    net::Listener listener;
  };

  /// Hands each connection from `port` to `serve`, which makes the coroutine of its session.
  template <class Serve>
  net::Infallible<> accept_all(net::Listener& port, Serve serve);
  net::Infallible<> follow_tokens();
  void end_unwelcome();
  net::Infallible<> drain();
  std::deque<PostgresPort> postgres_ports_;  // their coroutines hold on to them
  bool stopping_ = false;
};

}  // namespace cordon::proxy
