#include "net/pool.hpp"

#include <gtest/gtest.h>

#include "socket_pair.hpp"
#include "support/scripted_stream.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using test::EventLoop;
using test::Finale;
using test::ScriptedStream;

constexpr milliseconds kLong{60'000};

std::unique_ptr<Stream> quiet_stream(EventLoop& loop) {
  return std::make_unique<ScriptedStream>(loop.watchdog, std::deque<std::string>{}, Finale::silence);
}

TEST(Pool, GivesBackTheYoungestConnectionOfAKey) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  auto older = quiet_stream(loop);
  auto younger = quiet_stream(loop);
  const Stream* const first = older.get();
  const Stream* const second = younger.get();
  pool.put("a", std::move(older), kLong);
  pool.put("a", std::move(younger), kLong);
  pool.put("b", quiet_stream(loop), kLong);
  EXPECT_EQ(pool.size(), 3U);
  EXPECT_EQ(pool.take("c"), nullptr);
  EXPECT_EQ(pool.take("a").get(), second);
  EXPECT_EQ(pool.take("a").get(), first);
  EXPECT_EQ(pool.take("a"), nullptr);
  EXPECT_EQ(pool.size(), 1U);
}

TEST(Pool, AConnectionLeavesWithoutADeadline) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  auto stream = quiet_stream(loop);
  stream->expires_after(milliseconds(1));
  pool.put("a", std::move(stream), kLong);
  const auto start = Clock::now();
  loop.run_until([start] { return Clock::now() > start + milliseconds(120); });
  EXPECT_NE(pool.take("a"), nullptr);
}

TEST(Pool, ClosesConnectionsWhoseTimeIsOver) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  auto pair = test::make_pair(loop);
  pool.put("a", std::move(pair.near), milliseconds(1));
  pool.put("a", quiet_stream(loop), kLong);
  EXPECT_EQ(loop.run(test::read_to_end(*pair.far)).value(), "");  // closed without anybody asking for it
  EXPECT_EQ(pool.size(), 1U);
}

TEST(Pool, DoesNotGiveBackWhatHasExpiredBeforeTheSweep) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  pool.put("a", quiet_stream(loop), milliseconds(1));
  const auto start = Clock::now();
  while (Clock::now() < start + milliseconds(2)) {
  }
  EXPECT_EQ(pool.take("a"), nullptr);
}

TEST(Pool, DoesNotGiveBackAConnectionThatTheOriginClosed) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  auto closed = test::make_pair(loop);
  auto torn = test::make_pair(loop);
  pool.put("closed", std::move(closed.near), kLong);
  pool.put("torn", std::move(torn.near), kLong);
  closed.far.reset();
  test::reset(torn.far);
  EXPECT_EQ(pool.take("closed"), nullptr);
  EXPECT_EQ(pool.take("torn"), nullptr);
  EXPECT_EQ(pool.size(), 0U);
}

TEST(Pool, DoesNotGiveBackAConnectionWithUnaskedBytes) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  auto pair = test::make_pair(loop);
  pool.put("a", std::move(pair.near), kLong);
  EXPECT_TRUE(loop.run(pair.far->write(base::as_bytes("HTTP/1.1 200 OK\r\n\r\n"))));
  EXPECT_EQ(pool.take("a"), nullptr);
  EXPECT_EQ(loop.run(test::read_to_end(*pair.far)).error().code, Errc::connection_lost);  // reset: bytes lay unread
}

TEST(Pool, FallsBackToAnOlderConnectionThatIsStillGood) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  auto good = test::make_pair(loop);
  auto bad = test::make_pair(loop);
  const Stream* const expected = good.near.get();
  pool.put("a", std::move(good.near), kLong);
  pool.put("a", std::move(bad.near), kLong);
  bad.far.reset();
  EXPECT_EQ(pool.take("a").get(), expected);
}

TEST(Pool, KeepsAtMostItsBound) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  for (std::size_t i = 0; i < Pool::kMaxIdle + 5; ++i)
    pool.put(std::to_string(i % 7), quiet_stream(loop), kLong);
  EXPECT_EQ(pool.size(), Pool::kMaxIdle);
  pool.clear();
  EXPECT_EQ(pool.size(), 0U);
}

TEST(Pool, KeepsNothingForNoTimeNorWhileStopping) {
  EventLoop loop;
  Pool pool(loop.watchdog);
  pool.put("a", quiet_stream(loop), milliseconds(0));
  pool.put("a", quiet_stream(loop), milliseconds(-1'000));
  EXPECT_EQ(pool.size(), 0U);
  pool.put("a", quiet_stream(loop), kLong);
  loop.watchdog.interrupt_all();
  EXPECT_EQ(pool.take("a"), nullptr);
  pool.put("a", quiet_stream(loop), kLong);
  EXPECT_EQ(pool.size(), 0U);
}

}  // namespace
}  // namespace cordon::net
