#include "base/clock.hpp"

#include <ctime>

namespace cordon::base {
namespace {

#ifdef __APPLE__
constexpr clockid_t kClock = CLOCK_MONOTONIC_RAW;  // counts sleep there
#else
constexpr clockid_t kClock = CLOCK_BOOTTIME;
#endif

}  // namespace

BootClock::time_point BootClock::now() noexcept {
  timespec now{};
  ::clock_gettime(kClock, &now);
  return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace cordon::base
