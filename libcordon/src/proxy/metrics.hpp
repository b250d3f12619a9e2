// What the proxy counts, and the counts as Prometheus reads them (text exposition format 0.0.4).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <cordon/error.hpp>
#include <cordon/event_sink.hpp>

#include "secrets/fetch_metrics.hpp"

namespace cordon::proxy {

using Count = std::atomic<std::uint64_t>;

/// How requests ended.
enum class Outcome : unsigned char {
  answered,  ///< With the origin's answer.
  refused,   ///< With one of the proxy's own.
  aborted,   ///< Without either: the client or the proxy's stop came first.
};
constexpr std::size_t kOutcomes = 3;

/// Counts of one route, or of everything without one. Written by workers, read by anybody.
struct RouteCounters {
  std::array<Count, kOutcomes> requests{};
  Count injected{0};
  Count bytes_up{0}, bytes_down{0};
  std::atomic<std::int64_t> last_injection{0};  ///< Milliseconds since 1970; 0: never.

  std::uint64_t all_requests() const noexcept;
};

/// Counts of one PostgreSQL listener. Written by workers, read by anybody.
struct ListenerCounters {
  std::array<Count, kOutcomes> sessions{};  ///< Those that have ended; `answered`: the client was logged in.
  Count open{0};                            ///< Logged in, and not ended.
  Count cancel_requests{0};                 ///< Passed on to the origin.
  Count bytes_up{0}, bytes_down{0};
  std::atomic<std::int64_t> last_login{0};  ///< Milliseconds since 1970; 0: never.
};

/// One a server; lives as long as it. Thread-safe.
class Metrics {
 public:
  /// The counts of the route called `name`; the same object for the same name, whatever is reloaded.
  RouteCounters& of_route(const std::string& name);
  RouteCounters& unmatched() noexcept { return unmatched_; }

  /// The same of the listener called `name`.
  ListenerCounters& of_listener(const std::string& name);

  /// Counts a finished session, and its refusal if that is how it ended.
  void count_session(const RequestEvent& event, ListenerCounters& listener) noexcept;

  /// Counts a finished request. `route` is null for the proxy's own endpoints and for what could not be read.
  void count(const RequestEvent& event, RouteCounters* route) noexcept;

  Count connections{0};  ///< Open now.
  Count accepted{0};     ///< All connections so far.
  Count reloads{0};
  const std::shared_ptr<secrets::FetchMetrics> fetches = std::make_shared<secrets::FetchMetrics>();  // with the caches
  const std::chrono::system_clock::time_point started = std::chrono::system_clock::now();

  /// Appends every figure.
  void write(std::string& out) const;

 private:
  void count_refusal(std::string_view refusal) noexcept;
  void write_routes(std::string& out) const;
  void write_listeners(std::string& out) const;
  void write_fetches(std::string& out) const;

  static constexpr std::size_t kCodes = static_cast<std::size_t>(Errc::internal) + 1;

  mutable std::mutex mutex_;  // of `routes_` and `listeners_`; not taken while requests are counted
  std::map<std::string, std::unique_ptr<RouteCounters>> routes_;
  std::map<std::string, std::unique_ptr<ListenerCounters>> listeners_;
  RouteCounters unmatched_;
  std::array<Count, kCodes> refusals_{};
};

/// Counts a connection from a client for as long as it lives.
class OpenConnection {
 public:
  explicit OpenConnection(Metrics& metrics) : count_(metrics.connections) {
    ++metrics.accepted;
    ++count_;
  }
  OpenConnection(const OpenConnection&) = delete;
  OpenConnection& operator=(const OpenConnection&) = delete;
  ~OpenConnection() { --count_; }

 private:
  Count& count_;
};

/// Counts a session as open for as long as it lives, from its login on.
class OpenSession {
 public:
  explicit OpenSession(ListenerCounters& counters);
  OpenSession(const OpenSession&) = delete;
  OpenSession& operator=(const OpenSession&) = delete;
  ~OpenSession() { --counters_.open; }

 private:
  ListenerCounters& counters_;
};

}  // namespace cordon::proxy
