// SIGINT, SIGTERM and SIGHUP as calls: the first one asks for a graceful end, a second one of the same kind for an end
// at once.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include <cordon/proxy_server.hpp>

namespace cordon::cli {

/// Takes the signals as long as it lives; they are blocked in the calling thread and in those it starts later, and
/// waited for in a thread of its own. Make it before any other thread. SIGHUP stays ignored where it is (nohup).
class StopSignals {
 public:
  /// What to do: which signal came, and how to end. Called from the thread of this object.
  using Handler = std::function<void(int signal, StopMode mode)>;

  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// From now on signals go to `handler`. Before, the first signal ends the process as if it were not handled.
  void deliver_to(Handler handler);

  /// The signal that came twice; 0 when none did.
  int insistent() const noexcept { return insistent_; }

  /// Ends the process by `signal`'s default action, so that its parent sees what ended it.
  [[noreturn]] static void die_of(int signal) noexcept;

 private:
  void wait_for_signals();
  /// @returns whether it is the second of its kind
  bool take(int signal);

  Handler handler_;
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false;
  std::atomic<int> insistent_ = 0;
  std::map<int, std::chrono::steady_clock::time_point> first_;  ///< When each signal came for the first time.
  std::thread thread_;
};

}  // namespace cordon::cli
