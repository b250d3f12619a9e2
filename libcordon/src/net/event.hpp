// A wait for something that happens elsewhere in the worker, with a deadline.
#pragma once

#include "net/asio.hpp"
#include "net/watchdog.hpp"

namespace cordon::net {

/// Set once; wakes everyone who waits. On the worker's thread only.
class Event final : public Watched {
 public:
  explicit Event(Watchdog& watchdog) : Watched(watchdog), timer_(watchdog.executor(), Clock::time_point::max()) {}

  void set() noexcept {
    set_ = true;
    timer_.cancel();
  }

  /// Returns at once when set already. Errors: timed_out, cancelled.
  Task<> wait();

  /// Returns when it is set, whatever the deadline and whoever interrupts: for the end of something that uses our frame.
  Infallible<> join();

 private:
  void cancel_pending() noexcept override { timer_.cancel(); }

  Timer timer_;  // never expires: cancelling it is the signal
  bool set_ = false;
};

}  // namespace cordon::net
