// Watchdog, Event and TaskGroup: who waits for what, until when.
#include <gtest/gtest.h>

#include <optional>

#include "net/event.hpp"
#include "net/task_group.hpp"
#include "support/event_loop.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using Ended = std::optional<Result<>>;
using test::EventLoop;

/// Something to watch that only counts.
class Counter final : public Watched {
 public:
  explicit Counter(Watchdog& watchdog) : Watched(watchdog) {}
  int cancelled = 0;
  using Watched::gave_up;
  using Watched::reason;

 private:
  void cancel_pending() noexcept override { ++cancelled; }
};

TEST(Watchdog, EndsAWaitOnceItsDeadlineHasPassedAndNotBefore) {
  EventLoop loop;
  Counter counter(loop.watchdog);
  const auto deadline = Clock::now() + milliseconds(20);
  counter.set_deadline(deadline);
  loop.run_until([&] { return counter.cancelled > 0; });
  EXPECT_GE(Clock::now(), deadline);
  EXPECT_TRUE(counter.gave_up());
  EXPECT_EQ(counter.reason(), Errc::timed_out);
}

TEST(Watchdog, LooksAtDeadlinesInTheirOrderWhicheverWasSetFirst) {
  EventLoop loop;
  Counter early(loop.watchdog);
  Counter late(loop.watchdog);
  Counter never(loop.watchdog);
  late.expires_after(milliseconds(400));
  early.expires_after(milliseconds(1));
  loop.run_until([&] { return early.cancelled > 0; });
  EXPECT_EQ(late.cancelled, 0);
  loop.run_until([&] { return late.cancelled > 0; });
  EXPECT_EQ(early.cancelled, 1) << "an expired wait is told once";
  EXPECT_EQ(never.cancelled, 0);
}

TEST(Watchdog, ANewDeadlineRevives) {
  EventLoop loop;
  Counter counter(loop.watchdog);
  counter.expire_now();
  EXPECT_EQ(counter.reason(), Errc::timed_out);
  counter.expires_after(milliseconds(1));
  EXPECT_FALSE(counter.gave_up());
  loop.run_until([&] { return counter.cancelled == 2; });
  counter.never_expires();
  EXPECT_FALSE(counter.gave_up());
}

TEST(Watchdog, AnInterruptionIsForGood) {
  EventLoop loop;
  Counter counter(loop.watchdog);
  counter.interrupt();
  counter.interrupt();
  EXPECT_EQ(counter.cancelled, 1);
  counter.never_expires();
  EXPECT_TRUE(counter.gave_up());
  EXPECT_EQ(counter.reason(), Errc::cancelled);
}

TEST(Watchdog, StoppingInterruptsWhatIsThereAndWhatComes) {
  EventLoop loop;
  Counter before(loop.watchdog);
  loop.watchdog.interrupt_all();
  const Counter after(loop.watchdog);
  EXPECT_EQ(before.reason(), Errc::cancelled);
  EXPECT_TRUE(after.gave_up());
}

// Q1: a slow head must be closed while other connections renew their deadlines all the time.
TEST(Watchdog, Q1DeadlinesRenewedWithoutPauseDoNotPutOffAnEarlierOne) {
  EventLoop loop;
  constexpr milliseconds kTime{150};
  Counter slow(loop.watchdog);
  Counter lively(loop.watchdog);
  slow.expires_after(kTime);
  const auto too_late = Clock::now() + milliseconds(3'000);
  while (slow.cancelled == 0 && Clock::now() < too_late) {
    lively.expires_after(kTime);
    loop.io.restart();
    loop.io.run_for(milliseconds(5));
  }
  EXPECT_EQ(slow.cancelled, 1);
  EXPECT_EQ(lively.cancelled, 0);
}

TEST(Event, WakesEveryoneWhoWaitsAndThoseWhoComeLater) {
  EventLoop loop;
  Event event(loop.watchdog);
  Ended first;
  Ended second;
  loop.start(event.wait(), first);
  loop.start(event.wait(), second);
  loop.settle();
  EXPECT_FALSE(first || second);
  event.set();
  loop.run_until([&] { return first && second; });
  EXPECT_TRUE(*first && *second);
  EXPECT_TRUE(loop.run(event.wait()));
}

TEST(Event, GivesUpAtItsDeadlineOrWhenInterrupted) {
  EventLoop loop;
  Event event(loop.watchdog);
  event.expires_after(milliseconds(1));
  EXPECT_EQ(loop.run(event.wait()).error().code, Errc::timed_out);
  event.interrupt();
  EXPECT_EQ(loop.run(event.wait()).error().code, Errc::cancelled);
}

Task<> joined(Event& event) {
  co_await event.join();
  co_return Result<>{};
}

TEST(Event, AJoinOutlastsDeadlinesAndInterruptions) {
  EventLoop loop;
  Event event(loop.watchdog);
  Ended ended;
  loop.start(joined(event), ended);
  loop.settle();
  event.expire_now();
  loop.watchdog.interrupt_all();
  loop.settle();
  EXPECT_FALSE(ended);
  event.set();
  loop.run_until([&] { return ended.has_value(); });
}

TEST(TaskGroup, DrainingInterruptsIdleMembersNowAndBusyOnesWhenTheyBecomeIdle) {
  EventLoop loop;
  TaskGroup group(loop.watchdog);
  Counter idle_client(loop.watchdog);
  Counter idle_origin(loop.watchdog);
  Counter busy_client(loop.watchdog);
  std::optional<TaskGroup::Member> idle(std::in_place, group);
  std::optional<TaskGroup::Member> busy(std::in_place, group);
  idle->watch_client(&idle_client);
  idle->watch_origin(&idle_origin);
  busy->watch_client(&busy_client);
  busy->enter(TaskGroup::Phase::busy);
  EXPECT_FALSE(busy->draining());

  group.drain();
  EXPECT_TRUE(idle_client.gave_up() && idle_origin.gave_up());
  EXPECT_FALSE(busy_client.gave_up());
  EXPECT_TRUE(busy->draining());
  busy->enter(TaskGroup::Phase::idle);
  EXPECT_TRUE(busy_client.gave_up());

  Ended empty;
  loop.start(group.wait_until_empty(Clock::now() + milliseconds(5'000)), empty);
  idle.reset();
  loop.settle();
  EXPECT_FALSE(empty);
  EXPECT_EQ(group.size(), 1U);
  busy.reset();
  loop.run_until([&] { return empty.has_value(); });
  EXPECT_TRUE(*empty);
}

TEST(TaskGroup, AnEmptyGroupIsDrainedAtOnceAndAFullOneTimesOut) {
  EventLoop loop;
  TaskGroup empty(loop.watchdog);
  empty.drain();
  EXPECT_TRUE(loop.run(empty.wait_until_empty(Clock::now() + milliseconds(5'000))));
  TaskGroup full(loop.watchdog);
  const TaskGroup::Member member(full);
  full.drain();
  EXPECT_EQ(loop.run(full.wait_until_empty(Clock::now() + milliseconds(1))).error().code, Errc::timed_out);
}

TEST(TaskGroup, MembersLeaveInAnyOrder) {
  EventLoop loop;
  TaskGroup group(loop.watchdog);
  std::optional<TaskGroup::Member> members[3];
  for (auto& member : members)
    member.emplace(group);
  members[1].reset();
  members[2].reset();
  EXPECT_EQ(group.size(), 1U);
  members[0].reset();
  EXPECT_EQ(group.size(), 0U);
}

}  // namespace
}  // namespace cordon::net
