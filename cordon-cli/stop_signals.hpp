// SIGINT, SIGTERM and SIGHUP as calls: the first one asks for a graceful end, a second one of the same kind for an end
// at once. SIGHUP may mean a reload instead.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include <cordon/proxy_server.hpp>

namespace cordon::cli {

/// What SIGHUP asks for.
enum class HangUp : std::uint8_t { stop, reload };

/// A reload where the process has no controlling terminal, whose end SIGHUP would tell of.
HangUp meaning_of_hang_up();

/// Takes the signals as long as it lives; they are blocked in the calling thread and in those it starts later, and
/// waited for in a thread of its own. Make it before any other thread. SIGHUP stays ignored where it is (nohup).
class StopSignals {
 public:
  /// What to do: which signal came, and how to end. Called from the thread of this object.
  using Handler = std::function<void(int signal, StopMode mode)>;

  explicit StopSignals(HangUp hang_up);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// From now on signals go to `handler`, and to `reload` those that ask for one. Before, the first signal ends the process
  /// as if it were not handled, and one that asks for a reload does nothing: all has just been read.
  void deliver_to(Handler handler, std::function<void()> reload);

  /// What SIGHUP does where it stops, unless an end is under way: the terminal has gone. From any thread.
  void end_with_terminal();

  /// The signal that came twice; 0 when none did.
  int insistent() const noexcept { return insistent_; }

  /// Ends the process by `signal`'s default action, so that its parent sees what ended it.
  [[noreturn]] static void die_of(int signal) noexcept;

 private:
  void wait_for_signals();
  /// @returns whether it is the second of its kind
  bool take(int signal);

  const HangUp hang_up_;
  Handler handler_;
  std::function<void()> reload_;
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false;
  std::atomic<int> insistent_ = 0;
  std::map<int, std::chrono::steady_clock::time_point> first_;  ///< When each signal came for the first time.
  std::thread thread_;
};

}  // namespace cordon::cli
