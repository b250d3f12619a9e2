#include "secrets/cache_entry.hpp"

#include "unit/secrets/cache_fixture.hpp"

namespace cordon::secrets {
namespace {

using CacheEntryTime = CacheTest;
using CacheEntryFlight = CacheTest;
using CacheEntryZero = CacheTest;
using CacheEntryFailure = CacheTest;
using CacheEntryRejected = CacheTest;
using CacheEntryAccepted = CacheTest;
using CacheEntryForget = CacheTest;
using CacheEntryOverrun = CacheTest;
using CacheEntryImmediate = CacheTest;
using CacheEntryStatus = CacheTest;

TEST_F(CacheEntryTime, GivesTheValueUntilItsTimeIsUp) {
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(request(), "first");
  script->answer("second");
  now += kTtl / 2 - 1ms;
  EXPECT_EQ(request(), "first");
  EXPECT_EQ(script->asked, 1);
  now += kTtl / 2 + 1ms;
  EXPECT_EQ(held(), "(none)") << "to the millisecond";
  EXPECT_EQ(request(), "second");
  EXPECT_EQ(script->asked, 2);
}

TEST_F(CacheEntryTime, BeginsWithTheFetchNotWithItsEnd) {
  script->while_asked = [this] { now += 10s; };
  EXPECT_EQ(request(), "first");
  now += kTtl - 10s - 1ms;
  EXPECT_NE(entry->current(), nullptr);
  now += 1ms;
  EXPECT_EQ(entry->current(), nullptr);
}

TEST_F(CacheEntryTime, KeepsNothingThatTookLongerToFetchThanItMayBeKept) {
  rebuild(5s, FetchCost::may_block);
  script->while_asked = [this] { now += 6s; };
  EXPECT_EQ(request(), "first") << "those who waited for it get it";
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryTime, RefreshesInTheBackgroundPastHalfOfIt) {
  EXPECT_EQ(request(), "first");
  script->answer("second");
  now += kTtl / 2;
  EXPECT_EQ(held(), "first") << "the request does not wait";
  EXPECT_EQ(held(), "first");
  EXPECT_EQ(executor.jobs.size(), 1U) << "one refresh for any number of requests";
  executor.run_all();
  EXPECT_EQ(held(), "second");
  now += kTtl - 1ms;
  EXPECT_EQ(held(), "second") << "with a time of its own";
  EXPECT_EQ(script->asked, 2);
}

TEST_F(CacheEntryTime, KeepsTheOldValueWhileRefreshingFailsButNoLonger) {
  EXPECT_EQ(request(), "first");
  script->fail_with(Errc::store_unavailable);
  now += kTtl / 2;
  EXPECT_EQ(request(), "first");
  EXPECT_EQ(script->asked, 2);
  now += CacheEntry::kFailureTime - 1ms;
  EXPECT_EQ(request(), "first");
  EXPECT_EQ(script->asked, 2) << "the failure is remembered";
  now += 1ms;
  EXPECT_EQ(request(), "first");
  EXPECT_EQ(script->asked, 3);
  now += kTtl / 2;
  EXPECT_EQ(request(), "(store_unavailable)");
}

TEST_F(CacheEntryTime, DropsTheValueWithoutBeingAskedWhenSwept) {
  EXPECT_EQ(request(), "first");
  const auto begun = now;
  const std::weak_ptr<const Secret> value = entry->current();
  EXPECT_EQ(entry->sweep(), begun + kTtl);
  EXPECT_FALSE(value.expired());
  now += kTtl;
  EXPECT_EQ(entry->sweep(), CacheEntry::TimePoint::max());
  EXPECT_TRUE(value.expired()) << "nothing holds it, so it is wiped";
}

TEST_F(CacheEntryTime, LeavesAValueToTheRequestsThatUseIt) {
  Caller caller;
  entry->fetch(caller.done());
  executor.run_all();
  now += kTtl;
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(caller.secret()->reveal(), "first");
}

TEST_F(CacheEntryFlight, IsSharedByAThousandRequestsOfAColdCache_Q10) {
  std::vector<Caller> callers(1000);
  for (Caller& caller : callers)
    entry->fetch(caller.done());
  EXPECT_EQ(executor.jobs.size(), 1U);
  EXPECT_EQ(callers.front().outcome(), "(waits)");
  executor.run_all();
  for (const Caller& caller : callers)
    EXPECT_EQ(caller.secret(), callers.front().secret());
  EXPECT_EQ(script->asked, 1);
}

TEST_F(CacheEntryFlight, GivesAllTheSameFailure) {
  script->fail_with(Errc::secret_missing);
  std::vector<Caller> callers(3);
  for (Caller& caller : callers)
    entry->fetch(caller.done());
  executor.run_all();
  for (const Caller& caller : callers)
    EXPECT_EQ(caller.outcome(), "(secret_missing)");
  EXPECT_EQ(script->asked, 1);
}

TEST_F(CacheEntryFlight, MayBeJoinedWhileItRefreshesAnExpiredValue) {
  EXPECT_EQ(request(), "first");
  script->answer("second");
  now += kTtl - 1s;
  EXPECT_EQ(held(), "first");  // starts the refresh
  now += 1s;
  Caller caller;
  entry->fetch(caller.done());
  EXPECT_EQ(executor.jobs.size(), 1U);
  executor.run_all();
  EXPECT_EQ(caller.outcome(), "second");
}

TEST_F(CacheEntryFlight, CallsBackAtOnceWhenAnotherBroughtTheValueMeanwhile) {
  Caller first, second;
  entry->fetch(first.done());
  executor.run_all();
  entry->fetch(second.done());
  EXPECT_EQ(second.outcome(), "first");
  EXPECT_EQ(script->asked, 1);
}

TEST_F(CacheEntryFlight, FailsWhenNoThreadTakesIt) {
  executor.full = true;
  EXPECT_EQ(request(), "(internal)");
  EXPECT_EQ(request(), "(internal)");
  executor.full = false;
  now += CacheEntry::kFailureTime;
  EXPECT_EQ(request(), "first");
}

TEST_F(CacheEntryFlight, FailsWhenTheExecutorThrows) {
  auto store = std::make_shared<const SecretStore>(SecretStore::create({}, {}));
  CacheOptions options;
  options.run = [](const std::function<void()>&) -> bool { throw std::bad_alloc(); };
  options.clock = [this] { return now; };
  Cache throwing(std::move(store), std::move(options));
  Caller caller;
  throwing.entry(CommandRef{{"true"}, {}})->fetch(caller.done());
  EXPECT_EQ(caller.outcome(), "(internal)");
}

TEST_F(CacheEntryFlight, MayOutliveItsEntryAndItsCache) {
  Caller caller;
  entry->fetch(caller.done());
  entry.reset();
  cache.reset();
  EXPECT_EQ(caller.outcome(), "(cancelled)");
  executor.run_all();
  EXPECT_EQ(script->asked, 0) << "nobody waits any more";
}

TEST_F(CacheEntryZero, FetchesForEveryRequest) {
  rebuild(0ms, FetchCost::may_block);
  EXPECT_EQ(request(), "first");
  script->answer("second");
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(request(), "second");
  EXPECT_EQ(script->asked, 2);
}

TEST_F(CacheEntryZero, NeverGivesAValueFromBeforeTheRequest) {
  rebuild(0ms, FetchCost::may_block);
  Caller first, second, third;
  script->while_asked = [&] {  // the store has read `first`; then it is rotated, and two requests come
    script->while_asked = [] {};
    script->answer("second");
    entry->fetch(second.done());
    entry->fetch(third.done());
  };
  entry->fetch(first.done());
  executor.run_one();
  EXPECT_EQ(first.outcome(), "first");
  EXPECT_TRUE(second.waits());
  EXPECT_EQ(executor.jobs.size(), 1U) << "both share the next flight";
  executor.run_one();
  EXPECT_EQ(second.outcome(), "second");
  EXPECT_EQ(third.outcome(), "second");
  EXPECT_EQ(script->asked, 2);
}

TEST_F(CacheEntryZero, DoesNotHammerAStoreThatFails) {
  rebuild(0ms, FetchCost::may_block);
  script->fail_with(Errc::secret_timeout);
  Caller first, second;
  script->while_asked = [&] { entry->fetch(second.done()); };
  entry->fetch(first.done());
  executor.run_all();
  EXPECT_EQ(first.outcome(), "(secret_timeout)");
  EXPECT_EQ(second.outcome(), "(secret_timeout)") << "within the two seconds that a failure is remembered";
  EXPECT_EQ(script->asked, 1);
}

TEST_F(CacheEntryFailure, IsRememberedForTwoSeconds) {
  script->fail_with(Errc::store_unavailable);
  EXPECT_EQ(request(), "(store_unavailable)");
  script->answer("back");
  now += 2s - 1ms;
  EXPECT_EQ(request(), "(store_unavailable)");
  EXPECT_EQ(script->asked, 1);
  now += 1ms;
  EXPECT_EQ(request(), "back");
}

TEST_F(CacheEntryRejected, DropsTheCurrentValue) {
  EXPECT_EQ(request(), "first");
  script->answer("second");
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(request(), "second");
}

TEST_F(CacheEntryRejected, IgnoresAValueThatHasBeenReplacedAlready) {
  EXPECT_EQ(request(), "first");
  const auto old = entry->current();
  now += kTtl;
  script->answer("second");
  EXPECT_EQ(request(), "second");
  entry->rejected(old);
  entry->rejected(nullptr);
  EXPECT_EQ(held(), "second");
}

TEST_F(CacheEntryRejected, KnowsTheSameValueFetchedAnew) {
  EXPECT_EQ(request(), "first");
  const auto old = entry->current();
  now += kTtl / 2;
  EXPECT_EQ(request(), "first");  // refreshed in the background
  EXPECT_NE(entry->current(), old);
  entry->rejected(old);
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryRejected, DropsAtMostOnceInFiveSeconds) {
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  script->answer("second");
  EXPECT_EQ(request(), "second");
  now += 5s - 1ms;
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "second");
  now += 1ms;
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryRejected, KeepsAValueThatTheStoreGaveAgainForItsTime) {
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  const auto dropped = now;
  EXPECT_EQ(request(), "first") << "the store says the same";
  for (now = dropped + 5s; now < dropped + kTtl; now += 5s) {  // refreshed meanwhile
    entry->rejected(entry->current());
    EXPECT_EQ(request(), "first");
    EXPECT_LE(script->asked, 3);
  }
  now = dropped + kTtl;
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "(none)") << "once in its time";
}

TEST_F(CacheEntryRejected, LosesItsPatienceOnceAnotherValueHasCome) {
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  EXPECT_EQ(request(), "first");
  now += kTtl / 2;
  script->answer("second");
  EXPECT_EQ(request(), "first");  // refreshes
  EXPECT_EQ(held(), "second");
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryRejected, DoesNotTakeTheValueOfAFlightThatBeganBefore) {
  EXPECT_EQ(request(), "first");
  now += kTtl / 2;
  Caller caller;
  script->while_asked = [&] {  // a refresh has read the old value; then it is rotated and refused
    script->while_asked = [] {};
    script->answer("second");
    entry->rejected(entry->current());
    entry->fetch(caller.done());
  };
  EXPECT_EQ(held(), "first");
  executor.run_one();
  EXPECT_EQ(held(), "(none)");
  EXPECT_TRUE(caller.waits());
  executor.run_one();
  EXPECT_EQ(caller.outcome(), "second");
  EXPECT_EQ(held(), "second");
}

// PG16: a password that is certainly wrong, and costs nothing to fetch again, is dropped whenever it is refused.
TEST_F(CacheEntryRejected, DropsWhatIsCertainlyWrongEveryTimeWhereTheSourceAnswersAtOnce) {
  rebuild(kTtl, FetchCost::immediate);
  for (int refusals = 0; refusals < 5; ++refusals) {
    EXPECT_EQ(request(), "first");
    entry->rejected(entry->current(), CacheEntry::Rejection::certain);
    EXPECT_EQ(held(), "(none)");
  }
  EXPECT_EQ(script->asked, 5);
  script->answer("second");
  EXPECT_EQ(request(), "second");
}

TEST_F(CacheEntryRejected, DropsWhatIsCertainlyWrongAtMostOnceInFiveSecondsWhereTheSourceIsSlow) {
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(request(), "first") << "the store was behind";
  now += 5s - 1ms;
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(held(), "first");
  now += 1ms;
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(held(), "(none)") << "though the store gave it again after a drop";
}

TEST_F(CacheEntryRejected, ACertainOneConcernsTheCurrentValueOnly) {
  rebuild(kTtl, FetchCost::immediate);
  EXPECT_EQ(request(), "first");
  const auto old = entry->current();
  entry->forget();
  script->answer("second");
  EXPECT_EQ(request(), "second");
  entry->rejected(old, CacheEntry::Rejection::certain);
  entry->rejected(nullptr, CacheEntry::Rejection::certain);
  EXPECT_EQ(held(), "second");
}

// PG16: a password that an origin has accepted is refused later only because it was rotated.
TEST_F(CacheEntryAccepted, DropsTheValueAtItsNextCertainRefusalHoweverSoon) {
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "first") << "not yet";
  entry->accepted(entry->current());
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "first") << "a doubtful refusal may have another reason";
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryAccepted, CountsForOneRefusal) {
  EXPECT_EQ(request(), "first");
  entry->accepted(entry->current());
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(held(), "first");
}

TEST_F(CacheEntryAccepted, IgnoresAValueThatIsNotTheCurrentOne) {
  EXPECT_EQ(request(), "first");
  const auto old = entry->current();
  entry->rejected(old, CacheEntry::Rejection::certain);
  EXPECT_EQ(request(), "first") << "fetched anew";
  entry->accepted(old);
  entry->accepted(nullptr);
  entry->rejected(entry->current(), CacheEntry::Rejection::certain);
  EXPECT_EQ(held(), "first");
}

TEST_F(CacheEntryAccepted, SaysNothingOfAnEmptyEntry) {
  entry->accepted(nullptr);
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(request(), "first");
}

TEST_F(CacheEntryForget, DropsTheValueAndTheFailure) {
  EXPECT_EQ(request(), "first");
  script->fail_with(Errc::secret_missing);
  entry->forget();
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(request(), "(secret_missing)");
  script->answer("second");
  entry->forget();
  EXPECT_EQ(request(), "second");
}

TEST_F(CacheEntryForget, WipesAtOnce) {
  EXPECT_EQ(request(), "first");
  const std::weak_ptr<const Secret> value = entry->current();
  entry->forget();
  EXPECT_TRUE(value.expired());
}

TEST_F(CacheEntryForget, OutdatesAFlightAndItsFailure) {
  script->fail_with(Errc::secret_missing);
  Caller before, after;
  script->while_asked = [&] {
    script->while_asked = [] {};
    script->answer("set");
    entry->forget();
    entry->fetch(after.done());
  };
  entry->fetch(before.done());
  executor.run_all();
  EXPECT_EQ(before.outcome(), "(secret_missing)");
  EXPECT_EQ(after.outcome(), "set");
}

TEST_F(CacheEntryForget, MakesTheNextRefusalCountAtOnce) {
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  EXPECT_EQ(request(), "first");
  entry->forget();
  EXPECT_EQ(request(), "first");
  entry->rejected(entry->current());
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryOverrun, EndsForThoseWhoWaitAndLeavesTheThreadAlone_Q9) {
  std::vector<Caller> callers(2);
  for (Caller& caller : callers)
    entry->fetch(caller.done());
  EXPECT_EQ(entry->sweep(), now + kDeadline + CacheEntry::kGrace);
  script->while_asked = [&] {  // in the stuck thread
    now += kDeadline + CacheEntry::kGrace;
    entry->sweep();
    for (const Caller& caller : callers)
      EXPECT_EQ(caller.outcome(), "(secret_timeout)");
  };
  executor.run_all();
  EXPECT_NE(callers.front().error().context.find("15 s"), std::string::npos);
  EXPECT_EQ(held(), "(none)") << "what came too late is dropped";
  script->while_asked = [] {};
  EXPECT_EQ(request(), "(secret_timeout)") << "remembered";
  now += CacheEntry::kFailureTime;
  EXPECT_EQ(request(), "first");
}

TEST_F(CacheEntryOverrun, IsSeenByTheNextRequestToo) {
  Caller first, second;
  entry->fetch(first.done());
  now += kDeadline + CacheEntry::kGrace;
  entry->fetch(second.done());
  EXPECT_EQ(first.outcome(), "(secret_timeout)");
  EXPECT_EQ(second.outcome(), "(secret_timeout)");
  executor.run_all();
  EXPECT_EQ(script->asked, 0) << "a flight that was given up before it got a thread asks nothing";
}

TEST_F(CacheEntryOverrun, StopsAtAFewStuckThreads) {
  for (int i = 0; i < CacheEntry::kMaxStuck; ++i) {
    Caller caller;
    entry->fetch(caller.done());
    now += kDeadline + CacheEntry::kGrace;
    entry->sweep();
    EXPECT_EQ(caller.outcome(), "(secret_timeout)");
    now += CacheEntry::kFailureTime;
  }
  Caller refused;
  entry->fetch(refused.done());
  EXPECT_EQ(refused.outcome(), "(secret_timeout)") << "at once";
  EXPECT_EQ(executor.jobs.size(), static_cast<std::size_t>(CacheEntry::kMaxStuck));
  executor.run_one();  // one of them returns
  EXPECT_EQ(request(), "first");
}

TEST_F(CacheEntryImmediate, AsksTheStoreOnTheCallersThread) {
  rebuild(0ms, FetchCost::immediate);
  EXPECT_TRUE(entry->immediate());
  Caller caller;
  entry->fetch(caller.done());
  EXPECT_EQ(caller.outcome(), "first");
  EXPECT_TRUE(executor.jobs.empty());
  script->answer("second");
  EXPECT_EQ(request(), "second");
}

TEST_F(CacheEntryImmediate, IsKeptWhenTheConfigurationSaysSo) {
  rebuild(kTtl, FetchCost::immediate);
  EXPECT_EQ(request(), "first");
  script->answer("second");
  now += kTtl - 1ms;
  EXPECT_EQ(held(), "first");
  EXPECT_TRUE(executor.jobs.empty()) << "nothing is gained by a refresh in the background";
  now += 1ms;
  EXPECT_EQ(request(), "second");
}

TEST_F(CacheEntryImmediate, IsAskedAgainAfterAFailure) {
  rebuild(0ms, FetchCost::immediate);
  script->fail_with(Errc::secret_invalid);
  EXPECT_EQ(request(), "(secret_invalid)");
  script->answer("whole");
  EXPECT_EQ(request(), "whole");
}

TEST_F(CacheEntryImmediate, DoesNotKeepWhatWasReadBeforeADrop) {
  rebuild(kTtl, FetchCost::immediate);
  script->while_asked = [&] { entry->forget(); };
  EXPECT_EQ(request(), "first");
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheEntryStatus, TellsOfTheLastFetch) {
  EXPECT_FALSE(entry->status().held);
  EXPECT_FALSE(entry->status().fetched);
  script->while_asked = [this] { now += 30ms; };
  EXPECT_EQ(request(), "first");
  SecretStatus status = entry->status();
  EXPECT_TRUE(status.held);
  EXPECT_TRUE(status.fetched);
  EXPECT_EQ(status.took, 30ms);
  EXPECT_FALSE(status.last_error);

  script->fail_with(Errc::store_unavailable);
  now += kTtl / 2;
  EXPECT_EQ(request(), "first");
  status = entry->status();
  EXPECT_TRUE(status.held) << "the old value";
  ASSERT_TRUE(status.last_error);
  EXPECT_EQ(status.last_error->code, Errc::store_unavailable);
  EXPECT_TRUE(status.failed);
  EXPECT_TRUE(status.fetched) << "of the last one that succeeded";

  now += kTtl;
  EXPECT_FALSE(entry->status().held);
  script->answer("second");
  EXPECT_EQ(request(), "second");
  EXPECT_FALSE(entry->status().last_error);
  EXPECT_FALSE(entry->status().failed);
}

}  // namespace
}  // namespace cordon::secrets
