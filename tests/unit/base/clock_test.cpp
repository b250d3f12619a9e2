#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace cordon::base {
namespace {

TEST(BootClock, GoesForwardOnly) {
  static_assert(std::chrono::is_clock_v<BootClock>);
  const auto before = BootClock::now();
  EXPECT_GE(BootClock::now(), before);
  EXPECT_GT(before.time_since_epoch().count(), 0);
}

TEST(BootClock, RunsAsFastAsTheSteadyClock) {
  const auto steady = std::chrono::steady_clock::now();
  const auto boot = BootClock::now();
  while (std::chrono::steady_clock::now() - steady < std::chrono::milliseconds(20)) {
  }
  EXPECT_GE(BootClock::now() - boot, std::chrono::milliseconds(15));
}

}  // namespace
}  // namespace cordon::base
