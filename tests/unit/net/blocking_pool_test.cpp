#include "net/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <new>
#include <optional>

#include "support/event_loop.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using test::EventLoop;

/// A door that jobs wait behind.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    ++passed_;
    changed_.notify_all();
  }
  void wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void wait_for_departures(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return passed_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
  int passed_ = 0;
};

using Number = std::optional<Result<int>>;

Clock::time_point soon(milliseconds time = milliseconds(5'000)) {
  return Clock::now() + time;
}

std::function<Result<int>()> behind(std::shared_ptr<Gate> gate, int value) {
  return [gate = std::move(gate), value]() -> Result<int> {
    gate->pass();
    return value;
  };
}

TEST(BlockingPool, Q9ASlowJobDoesNotDelayAnother) {
  EventLoop loop;
  BlockingPool pool(2);
  const auto gate = std::make_shared<Gate>();
  Number slow;
  loop.start(run_blocking<int>(pool, loop.watchdog, soon(), behind(gate, 1)), slow);
  loop.settle();
  gate->wait_for_arrivals(1);
  EXPECT_EQ(loop.run(run_blocking<int>(pool, loop.watchdog, soon(), [] { return Result<int>(2); })).value(), 2);
  EXPECT_FALSE(slow);
  gate->open();
  loop.run_until([&] { return slow.has_value(); });
  EXPECT_EQ(slow->value(), 1);
}

TEST(BlockingPool, JobsBeyondTheBoundWaitTheirTurn) {
  EventLoop loop;
  BlockingPool pool(1);
  const auto gate = std::make_shared<Gate>();
  Number results[3];
  for (int i = 0; i < 3; ++i)
    loop.start(run_blocking<int>(pool, loop.watchdog, soon(), behind(gate, i)), results[i]);
  loop.settle();
  gate->wait_for_arrivals(1);
  gate->open();
  loop.run_until([&] { return results[0] && results[1] && results[2]; });
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(results[i]->value(), i);
}

TEST(BlockingPool, AJobsErrorIsItsResult) {
  EventLoop loop;
  BlockingPool pool(1);
  const auto result =
      loop.run(run_blocking<int>(pool, loop.watchdog, soon(), [] { return Result<int>(fail(Errc::secret_missing)); }));
  EXPECT_EQ(result.error().code, Errc::secret_missing);
}

TEST(BlockingPool, ALateResultIsDropped) {
  const auto gate = std::make_shared<Gate>();
  EventLoop loop;
  BlockingPool pool(1);
  const auto result = loop.run(run_blocking<int>(pool, loop.watchdog, soon(milliseconds(1)), behind(gate, 1)));
  EXPECT_EQ(result.error().code, Errc::timed_out);
  gate->open();
  gate->wait_for_departures(1);
  EXPECT_EQ(loop.run(run_blocking<int>(pool, loop.watchdog, soon(), [] { return Result<int>(2); })).value(), 2);
}

TEST(BlockingPool, AJobThatNobodyWaitsForAnyMoreIsNotRun) {
  const auto gate = std::make_shared<Gate>();
  const auto runs = std::make_shared<std::atomic<int>>(0);
  EventLoop loop;
  BlockingPool pool(1);
  Number busy;
  loop.start(run_blocking<int>(pool, loop.watchdog, soon(), behind(gate, 1)), busy);
  loop.settle();
  gate->wait_for_arrivals(1);
  std::function<Result<int>()> job = [runs] { return Result<int>(++*runs); };
  EXPECT_EQ(loop.run(run_blocking<int>(pool, loop.watchdog, soon(milliseconds(1)), job)).error().code, Errc::timed_out);
  gate->open();
  EXPECT_EQ(loop.run(run_blocking<int>(pool, loop.watchdog, soon(), job)).value(), 1)
      << "only the one that is awaited ran";
}

TEST(BlockingPool, RefusesMoreThanItsQueueHolds) {
  const auto gate = std::make_shared<Gate>();
  EventLoop loop;
  BlockingPool pool(1);
  ASSERT_TRUE(pool.post([gate] { gate->pass(); }));
  gate->wait_for_arrivals(1);
  for (std::size_t i = 0; i < BlockingPool::kMaxQueued; ++i)
    ASSERT_TRUE(pool.post([] {}));
  EXPECT_FALSE(pool.post([] {}));
  const auto refused = loop.run(run_blocking<int>(pool, loop.watchdog, soon(), [] { return Result<int>(1); }));
  EXPECT_EQ(refused.error().code, Errc::internal);
  gate->open();
}

TEST(BlockingPool, AnInterruptedWaitIsCancelled) {
  const auto gate = std::make_shared<Gate>();
  EventLoop loop;
  BlockingPool pool(1);
  Number waited;
  loop.start(run_blocking<int>(pool, loop.watchdog, soon(), behind(gate, 1)), waited);
  loop.settle();
  loop.watchdog.interrupt_all();
  loop.run_until([&] { return waited.has_value(); });
  EXPECT_EQ(waited->error().code, Errc::cancelled);
  gate->open();
}

TEST(BlockingPool, AJobThatRunsOutOfMemoryFailsAlone) {
  EventLoop loop;
  BlockingPool pool(1);
  const auto greedy = []() -> Result<int> { throw std::bad_alloc(); };
  EXPECT_EQ(loop.run(run_blocking<int>(pool, loop.watchdog, soon(), greedy)).error().code, Errc::internal);
  EXPECT_EQ(loop.run(run_blocking<int>(pool, loop.watchdog, soon(), [] { return Result<int>(2); })).value(), 2);
}

TEST(BlockingPool, MayEndWhileAJobRunsAndOthersQueue) {
  const auto gate = std::make_shared<Gate>();
  const auto token = std::make_shared<int>(0);
  {
    BlockingPool pool(1);
    ASSERT_TRUE(pool.post([gate, token] { gate->pass(); }));
    gate->wait_for_arrivals(1);
    ASSERT_TRUE(pool.post([token] { ADD_FAILURE() << "a queued job ran after the pool had ended"; }));
  }
  EXPECT_EQ(token.use_count(), 2) << "the queued job is dropped, the running one is not";
  gate->open();
  gate->wait_for_departures(1);
}

}  // namespace
}  // namespace cordon::net
