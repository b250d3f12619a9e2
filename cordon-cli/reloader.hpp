// Reloads of the running proxy, one after the other, whoever asks: SIGHUP or the control socket.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <cordon/control_server.hpp>

namespace cordon::cli {

/// Thread-safe.
class Reloader {
 public:
  /// Does one reload and tells of it in the log. Never called twice at once.
  using Reload = std::function<ReloadOutcome()>;

  explicit Reloader(Reload reload);
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;
  /// Waits for the reload that runs.
  ~Reloader();

  /// Reloads, after those that were asked for before. Fails with `cancelled` when end() was called.
  ReloadOutcome run();

  /// Has a reload done soon and returns at once. Asked for again before it has begun, it is still one.
  void request();

  /// No reload begins any more. @returns whether none runs, after waiting `patience` for that
  bool end(std::chrono::milliseconds patience);

 private:
  void serve_requests();

  Reload reload_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool runs_ = false;
  bool requested_ = false;
  bool ending_ = false;
  std::thread thread_;  ///< Serves request().
};

}  // namespace cordon::cli
