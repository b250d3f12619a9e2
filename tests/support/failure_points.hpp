// Lets every operation of a conversation fail once, one after the other.
#pragma once

#include <gtest/gtest.h>

namespace cordon::test {

/// Calls `attempt(n)` with n = 0, 1, 2... It makes the n-th operation fail, checks what follows, and returns whether
/// there was an n-th operation; the first that says no ends it. @returns how many operations were made to fail
template <class Attempt>
int for_each_failure_point(Attempt attempt) {
  constexpr int kBound = 10'000;
  int point = 0;
  while (point < kBound && attempt(point))
    ++point;
  EXPECT_GT(point, 0) << "no operation was made to fail";
  EXPECT_LT(point, kBound) << "the conversation never ends";
  return point;
}

}  // namespace cordon::test
