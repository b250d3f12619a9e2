#include "net/tcp_stream.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "socket_pair.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using Ended = std::optional<Result<>>;
using test::EventLoop;

TEST(TcpStream, ReadsWhatIsWrittenAndThenTheEnd) {
  EventLoop loop;
  auto pair = test::make_pair(loop);
  ASSERT_TRUE(loop.run(test::write_and_end(*pair.near, "bytes")));
  EXPECT_EQ(pair.near->sent(), 5U);
  EXPECT_EQ(loop.run(test::read_to_end(*pair.far)).value(), "bytes");
  EXPECT_EQ(loop.run(test::read_piece(*pair.far)).error().code, Errc::end_of_stream);
}

TEST(TcpStream, AResetIsALostConnection) {
  EventLoop loop;
  auto pair = test::make_pair(loop);
  test::reset(pair.far);
  EXPECT_EQ(loop.run(test::read_piece(*pair.near)).error().code, Errc::connection_lost);
  EXPECT_EQ(loop.run(pair.near->write(base::as_bytes("x"))).error().code, Errc::connection_lost);
}

TEST(TcpStream, ADeadlineEndsAReadAndANewOneLetsItGoOn) {
  EventLoop loop;
  auto pair = test::make_pair(loop);
  pair.near->expires_after(milliseconds(1));
  EXPECT_EQ(loop.run(test::read_piece(*pair.near)).error().code, Errc::timed_out);
  EXPECT_EQ(loop.run(pair.near->wait_readable()).error().code, Errc::timed_out);
  pair.near->never_expires();
  ASSERT_TRUE(loop.run(pair.far->write(base::as_bytes("late"))));
  EXPECT_EQ(loop.run(test::read_piece(*pair.near)).value(), "late");
}

TEST(TcpStream, ADeadlineEndsAWriteThatNobodyReads) {
  EventLoop loop;
  auto pair = test::make_pair(loop);
  const std::string much(64 << 20, 'x');
  pair.near->expires_after(milliseconds(50));
  EXPECT_EQ(loop.run(pair.near->write(base::as_bytes(much))).error().code, Errc::timed_out);
  EXPECT_GT(pair.near->sent(), 0U);
  EXPECT_LT(pair.near->sent(), much.size());
}

TEST(TcpStream, WaitsUntilThereIsSomethingToRead) {
  EventLoop loop;
  auto pair = test::make_pair(loop);
  Ended readable;
  loop.start(pair.near->wait_readable(), readable);
  loop.settle();
  EXPECT_FALSE(readable);
  EXPECT_TRUE(pair.near->is_quiet());
  ASSERT_TRUE(loop.run(pair.far->write(base::as_bytes("x"))));
  loop.run_until([&] { return readable.has_value(); });
  EXPECT_TRUE(*readable);
  EXPECT_FALSE(pair.near->is_quiet());
}

}  // namespace
}  // namespace cordon::net
