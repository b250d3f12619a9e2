#include "secrets/drop_rule.hpp"

#include <gtest/gtest.h>

namespace cordon::secrets {
namespace {

using namespace std::chrono_literals;

constexpr DropRule::TimePoint kStart{1h};

TEST(DropRule, AllowsTheFirstDropAtOnce) {
  EXPECT_TRUE(DropRule().allows(kStart));
}

TEST(DropRule, WaitsFiveSecondsBetweenTwoDrops) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(2, kStart + 60s);
  EXPECT_FALSE(rule.allows(kStart + 5s - 1ns));
  EXPECT_TRUE(rule.allows(kStart + 5s));
}

TEST(DropRule, WaitsForTheTimeOfAValueThatCameAgain) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(1, kStart + 60s);
  EXPECT_FALSE(rule.allows(kStart + 60s - 1ns));
  EXPECT_TRUE(rule.allows(kStart + 60s));
}

TEST(DropRule, DoesNotWaitLongerForRefreshesOfTheSameValue) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(1, kStart + 60s);
  rule.on_fetch(1, kStart + 90s);
  EXPECT_TRUE(rule.allows(kStart + 60s));
}

TEST(DropRule, StopsWaitingWhenAnotherValueComes) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(1, kStart + 60s);
  rule.on_fetch(2, kStart + 90s);
  EXPECT_TRUE(rule.allows(kStart + 5s));
}

TEST(DropRule, TakesOnlyTheFetchAfterTheDropAsAnAnswer) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(2, kStart + 60s);
  rule.on_fetch(1, kStart + 90s);  // rotated back
  EXPECT_TRUE(rule.allows(kStart + 5s));
}

TEST(DropRule, SpacesDropsOfWhatIsCertainlyWrong) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(1, kStart + 60s);
  EXPECT_FALSE(rule.allows_certain(kStart + 5s - 1ns));
  EXPECT_TRUE(rule.allows_certain(kStart + 5s));
}

// PG16
TEST(DropRule, DoesNotWaitWhenAValueThatHasWorkedIsCertainlyWrong) {
  DropRule rule;
  rule.on_drop(1, kStart);
  rule.on_fetch(2, kStart + 60s);
  rule.on_acceptance();
  EXPECT_FALSE(rule.allows(kStart + 1ns)) << "a doubtful refusal waits all the same";
  EXPECT_TRUE(rule.allows_certain(kStart + 1ns));
  rule.on_drop(2, kStart + 1ns);
  rule.on_fetch(2, kStart + 60s);
  EXPECT_FALSE(rule.allows_certain(kStart + 2ns)) << "it has to work again first";
}

}  // namespace
}  // namespace cordon::secrets
