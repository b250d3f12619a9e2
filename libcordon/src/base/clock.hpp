// The clock for everything that must not outlast its time while the machine sleeps.
#pragma once

#include <chrono>

namespace cordon::base {

/// Steady, and goes on while the machine is suspended: a laptop that was closed for a night does not wake up with secrets
/// whose fifteen minutes are not over yet. A standard clock in every other way, at the cost of std::chrono::steady_clock.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;
};

}  // namespace cordon::base
