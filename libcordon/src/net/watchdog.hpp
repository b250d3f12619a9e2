// Deadlines for everything that waits in one worker, behind one timer. Setting a deadline is a store and a comparison;
// the timer is set anew only for one that comes before all others. A request costs no timer, an idle proxy has none.
#pragma once

#include <chrono>

#include <cordon/error.hpp>

#include "net/asio.hpp"

namespace cordon::net {

class Watchdog;

/// Something that can wait: a stream, or a wait for another thread's answer. Lives in one worker, never moves.
class Watched {
 public:
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  /// Ends pending and later operations with timed_out once `deadline` has passed. A new deadline revives it.
  void set_deadline(Clock::time_point deadline) noexcept;
  void expires_after(std::chrono::milliseconds time) noexcept { set_deadline(Clock::now() + time); }
  void never_expires() noexcept { set_deadline(kNever); }

  /// As if the deadline had passed this moment.
  void expire_now() noexcept;

  /// Ends pending and later operations with cancelled, for good.
  void interrupt() noexcept;

 protected:
  explicit Watched(Watchdog& watchdog) noexcept;
  virtual ~Watched();

  /// Cancels what is pending now. Called at most once a deadline.
  virtual void cancel_pending() noexcept = 0;

  bool gave_up() const noexcept { return interrupted_ || expired_; }
  /// Why an operation was cancelled: first whether we are stopping, else the deadline, else the connection itself.
  Errc reason() const noexcept;

  Watchdog& watchdog() const noexcept { return watchdog_; }

 private:
  friend class Watchdog;
  Watchdog& watchdog_;
  Watched* previous_ = nullptr;
  Watched* next_ = nullptr;
  Clock::time_point deadline_ = kNever;
  bool expired_ = false;
  bool interrupted_ = false;
};

/// One a worker, on the worker's thread only. Outlives what it watches.
class Watchdog {
 public:
  /// Deadlines this close together are looked at together.
  static constexpr std::chrono::milliseconds kGrain{50};

  explicit Watchdog(Executor executor) : executor_(executor), timer_(executor) {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  Executor executor() const noexcept { return executor_; }

  /// Interrupts everything that waits now and later: the worker is stopping.
  void interrupt_all() noexcept;
  bool stopping() const noexcept { return stopping_; }

 private:
  friend class Watched;
  void add(Watched& entry) noexcept;
  void remove(Watched& entry) noexcept;
  /// Makes sure that a look is taken once `deadline` has passed.
  void schedule(Clock::time_point deadline);
  /// Ends the waits whose deadline has passed. @returns the earliest of the others
  Clock::time_point look(Clock::time_point now) noexcept;

  Executor executor_;
  Timer timer_;
  Watched* first_ = nullptr;
  Clock::time_point next_look_ = Clock::time_point::max();
  bool stopping_ = false;
};

}  // namespace cordon::net
