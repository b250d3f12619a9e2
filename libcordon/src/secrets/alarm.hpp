// Wakes one thread when the earliest of many times has come.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/clock.hpp"

namespace cordon::secrets {

/// Any number of threads expect times; one waits for them. Costs nothing while nothing is expected.
class Alarm {
 public:
  using TimePoint = base::BootClock::time_point;

  /// Times this close together are one awakening.
  static constexpr std::chrono::milliseconds kGrain{50};

  Alarm() = default;
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Makes wait() return soon after `due`. TimePoint::max() is no time. Thread-safe.
  void expect(TimePoint due);

  /// Blocks until the earliest expected time has come, and forgets it and all that were expected before.
  /// @returns false once stop() has been called
  bool wait();

  /// Ends wait(), now and for good. Thread-safe.
  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  TimePoint due_ = TimePoint::max();
  bool stopped_ = false;
};

}  // namespace cordon::secrets
