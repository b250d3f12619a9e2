// Both ways to relay, over real sockets: client <-> [inner client end, inner origin end] <-> origin.
#include "net/relay.hpp"

#include <gtest/gtest.h>

#include <dirent.h>

#include <csignal>

#include "socket_pair.hpp"
#include "support/failure_points.hpp"
#include "support/scripted_stream.hpp"

namespace cordon::net {
namespace {

using Ended = std::optional<Result<>>;
using Text = std::optional<Result<std::string>>;
using test::EventLoop;
using test::Finale;
using test::ScriptedStream;

enum class Way : unsigned char { copy, splice };

class Relay : public testing::TestWithParam<Way> {
 protected:
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }  // as `cordon start` has it

  void begin() {
    if (GetParam() == Way::copy) {
      loop_.start(relay(*client_.far, *origin_.near, counts_), ended_);
    } else {
      loop_.start(relay_sockets(*client_.far, *origin_.near, counts_), ended_);
    }
  }
  Stream& client() { return *client_.near; }
  Stream& origin() { return *origin_.far; }
  void wait_for_the_end() {
    loop_.run_until([this] { return ended_.has_value(); });
  }
  std::chrono::milliseconds time_to_end();

  EventLoop loop_;
  test::SocketPair client_ = test::make_pair(loop_);
  test::SocketPair origin_ = test::make_pair(loop_);
  RelayCounts counts_;
  Ended ended_;
};

TEST_P(Relay, CarriesAMebibyteEachWayAtTheSameTimeUnchanged) {
  const std::string up = test::pattern(1 << 20);
  const std::string down = test::pattern((1 << 20) + 4'321);
  begin();
  Ended up_written;
  Ended down_written;
  Text up_read;
  Text down_read;
  loop_.start(test::write_and_end(client(), up), up_written);
  loop_.start(test::write_and_end(origin(), down), down_written);
  loop_.start(test::read_to_end(origin()), up_read);
  loop_.start(test::read_to_end(client()), down_read);
  loop_.run_until([&] { return up_read && down_read && ended_; });
  ASSERT_TRUE(*up_read && *down_read && *ended_);
  EXPECT_TRUE(**up_read == up);
  EXPECT_TRUE(**down_read == down);
  EXPECT_EQ(counts_.up, up.size());
  EXPECT_EQ(counts_.down, down.size());
}

TEST_P(Relay, Q3AClientThatEndsItsSideStillGetsTheAnswer) {
  begin();
  ASSERT_TRUE(loop_.run(test::write_and_end(client(), "question")));
  EXPECT_EQ(loop_.run(test::read_to_end(origin())).value(), "question");
  EXPECT_FALSE(ended_);
  ASSERT_TRUE(loop_.run(test::write_and_end(origin(), "answer")));
  EXPECT_EQ(loop_.run(test::read_to_end(client())).value(), "answer");
  wait_for_the_end();
  EXPECT_TRUE(*ended_);
}

TEST_P(Relay, Q3AnOriginThatEndsItsSideStillGetsTheRest) {
  begin();
  ASSERT_TRUE(loop_.run(test::write_and_end(origin(), "greeting")));
  EXPECT_EQ(loop_.run(test::read_to_end(client())).value(), "greeting");
  ASSERT_TRUE(loop_.run(test::write_and_end(client(), "rest")));
  EXPECT_EQ(loop_.run(test::read_to_end(origin())).value(), "rest");
  wait_for_the_end();
  EXPECT_EQ(counts_.up, 4U);
  EXPECT_EQ(counts_.down, 8U);
}

TEST_P(Relay, Q3AResetOfEitherSideEndsTheOther) {
  for (const bool by_client : {true, false}) {
    client_ = test::make_pair(loop_);
    origin_ = test::make_pair(loop_);
    ended_.reset();
    begin();
    loop_.settle();
    test::reset(by_client ? client_.near : origin_.far);
    wait_for_the_end();
    EXPECT_FALSE(*ended_);
    client_.far.reset();  // as the session does when the relay has returned
    origin_.near.reset();
    Stream& other = by_client ? origin() : client();
    EXPECT_EQ(loop_.run(test::read_to_end(other)).value_or("reset"), "");
  }
}

TEST_P(Relay, BytesThatAPeerDoesNotReadHoldUpTheOther) {
  begin();
  Ended written;
  std::string much = test::pattern(1 << 20);
  while (much.size() < 64 << 20)
    much += much;
  loop_.start(test::write_and_end(client(), much), written);
  loop_.settle();
  EXPECT_FALSE(written) << "64 MiB were taken though nobody reads them";
  EXPECT_EQ(loop_.run(test::read_exactly(origin(), 1 << 20)).value(), much.substr(0, 1 << 20));
  loop_.watchdog.interrupt_all();
  loop_.run_until([&] { return written && ended_; });
}

// Around the sizes at which another way of passing bytes on begins: a piece, a burst, what a pipe holds.
TEST_P(Relay, MessagesOfAnySizeArriveWithoutWaitingForMore) {
  begin();
  for (const std::size_t size : {1, 2'047, 2'048, 2'049, 4'096, 65'535, 65'536, 65'537, 131'072, 300'000, 1}) {
    const std::string message = test::pattern(size);
    Ended asked;
    Ended answered;
    loop_.start(client().write(base::as_bytes(message)), asked);
    EXPECT_TRUE(loop_.run(test::read_exactly(origin(), size)).value() == message) << size;
    loop_.start(origin().write(base::as_bytes(message)), answered);
    EXPECT_TRUE(loop_.run(test::read_exactly(client(), size)).value() == message) << size;
    loop_.run_until([&] { return asked && answered; });
  }
  loop_.watchdog.interrupt_all();
  wait_for_the_end();
}

TEST_P(Relay, AnEndRightBehindAMessageOfAnySizeIsPassedOn) {
  for (const std::size_t size : {2'047, 2'048, 2'049, 65'535, 65'536, 65'537, 131'072}) {
    client_ = test::make_pair(loop_);
    origin_ = test::make_pair(loop_);
    ended_.reset();
    begin();
    const std::string question = test::pattern(size);
    Ended written;
    loop_.start(test::write_and_end(client(), question), written);
    EXPECT_TRUE(loop_.run(test::read_to_end(origin())).value() == question) << size;
    loop_.run_until([&] { return written.has_value(); });
    ASSERT_TRUE(loop_.run(test::write_and_end(origin(), "answer")));
    EXPECT_EQ(loop_.run(test::read_to_end(client())).value(), "answer");
    wait_for_the_end();
    EXPECT_TRUE(*ended_) << size;
  }
}

// Both streams and the relay's own wait are interrupted at once.
TEST_P(Relay, StoppingTheWorkerEndsIt) {
  begin();
  loop_.settle();
  loop_.watchdog.interrupt_all();
  wait_for_the_end();
  EXPECT_EQ(ended_->error().code, Errc::cancelled);
}

TEST_P(Relay, AnInterruptedClientEndsIt) {
  begin();
  loop_.settle();
  client_.far->interrupt();
  wait_for_the_end();
  EXPECT_FALSE(*ended_);
}

int open_descriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  while (::readdir(folder) != nullptr)
    ++count;
  ::closedir(folder);
  return count;
}

TEST_P(Relay, Q3DescriptorsComeBack) {
  const int before = open_descriptors();
  for (int i = 0; i < 50; ++i) {
    client_ = test::make_pair(loop_);
    origin_ = test::make_pair(loop_);
    ended_.reset();
    begin();
    ASSERT_TRUE(loop_.run(client().write(base::as_bytes("x"))));
    ASSERT_TRUE(loop_.run(test::read_piece(origin())));
    i % 2 == 0 ? test::reset(client_.near) : test::reset(origin_.far);
    wait_for_the_end();
  }
  client_ = test::make_pair(loop_);
  origin_ = test::make_pair(loop_);
  EXPECT_EQ(open_descriptors(), before);
}

/// How long the relay took to end from now on.
std::chrono::milliseconds Relay::time_to_end() {
  const auto began = Clock::now();
  wait_for_the_end();
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
}

// A server ends a session with an error and a reset, while its client is in the middle of a message.
TEST_P(Relay, AnOriginThatTakesNoMoreBytesStillSaysItsLast) {
  begin();
  ASSERT_TRUE(loop_.run(origin().write(base::as_bytes("FATAL: the end"))));
  test::reset(origin_.far);
  ASSERT_TRUE(loop_.run(client().write(base::as_bytes("a query"))));
  EXPECT_EQ(loop_.run(test::read_exactly(client(), 14)).value_or("lost"), "FATAL: the end");
  EXPECT_LT(time_to_end(), std::chrono::seconds(1)) << "its end is known";
}

TEST_P(Relay, AClientThatTakesNoMoreBytesStillSaysItsLast) {
  begin();
  ASSERT_TRUE(loop_.run(client().write(base::as_bytes("good bye"))));
  test::reset(client_.near);
  ASSERT_TRUE(loop_.run(origin().write(base::as_bytes("an answer"))));
  EXPECT_EQ(loop_.run(test::read_exactly(origin(), 8)).value_or("lost"), "good bye");
  EXPECT_LT(time_to_end(), std::chrono::seconds(1));
}

/// Nothing can be written to `stream` any more, though its peer is there, and silent.
void stop_writing(TcpStream& stream) {
  ::shutdown(stream.descriptor(), SHUT_WR);
}

TEST_P(Relay, AnOriginThatTakesNothingAndSaysNothingIsLeftAfterTwoSeconds) {
  begin();
  loop_.settle();
  stop_writing(*origin_.near);
  ASSERT_TRUE(loop_.run(client().write(base::as_bytes("a query"))));
  const auto took = time_to_end();
  EXPECT_GT(took, std::chrono::seconds(1)) << "it had a moment";
  EXPECT_LT(took, std::chrono::seconds(3));
}

TEST_P(Relay, AClientThatTakesNothingAndSaysNothingIsLeftAfterTwoSeconds) {
  begin();
  loop_.settle();
  stop_writing(*client_.far);
  ASSERT_TRUE(loop_.run(origin().write(base::as_bytes("an answer"))));
  const auto took = time_to_end();
  EXPECT_GT(took, std::chrono::seconds(1));
  EXPECT_LT(took, std::chrono::seconds(3));
}

TEST_P(Relay, WhatIsSaidInThatMomentIsPassedOn) {
  begin();
  loop_.settle();
  stop_writing(*origin_.near);
  ASSERT_TRUE(loop_.run(client().write(base::as_bytes("a query"))));
  loop_.settle();
  EXPECT_FALSE(ended_);
  ASSERT_TRUE(loop_.run(test::write_and_end(origin(), "FATAL: the end")));
  EXPECT_EQ(loop_.run(test::read_to_end(client())).value_or("lost"), "FATAL: the end");
  EXPECT_LT(time_to_end(), std::chrono::seconds(1));
  EXPECT_FALSE(*ended_) << "a query was lost";
}

// A client goes away while an origin that has stopped reading holds up what it has sent.
TEST_P(Relay, Q3AClientThatIsGoneIsNotHeldByAnOriginThatDoesNotRead) {
  begin();
  Ended written;
  const std::string much = test::pattern(64 << 20);
  loop_.start(test::write_and_end(client(), much), written);
  loop_.settle();
  ASSERT_FALSE(written);
  const linger now{1, 0};
  ::setsockopt(client_.near->descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  client_.near->interrupt();
  loop_.run_until([&] { return written.has_value(); });
  client_.near.reset();
  ASSERT_TRUE(loop_.run(origin().write(base::as_bytes("an answer"))));
  EXPECT_LT(time_to_end(), std::chrono::seconds(3));
  loop_.watchdog.interrupt_all();
  loop_.settle();
}

INSTANTIATE_TEST_SUITE_P(Ways, Relay, testing::Values(Way::copy, Way::splice),
                         [](const auto& way) { return way.param == Way::copy ? "Copy" : "Splice"; });

// One failing operation on either stream, at every place: the relay ends with it and never hangs on the other side.
TEST(RelayFailures, EveryFailingOperationEndsBothDirections) {
  for (const bool of_client : {true, false}) {
    const int points = test::for_each_failure_point([of_client](int point) {
      EventLoop loop;
      ScriptedStream client(loop.watchdog, {"one", "two"}, Finale::end_of_stream);
      ScriptedStream origin(loop.watchdog, {"three", "four"}, of_client ? Finale::silence : Finale::end_of_stream);
      ScriptedStream& failing = of_client ? client : origin;
      failing.fail_at(point, Errc::connection_lost);
      RelayCounts counts;
      Ended ended;
      loop.start(relay(client, origin, counts), ended);
      loop.settle();
      if (!failing.has_failed()) {
        loop.watchdog.interrupt_all();
        loop.settle();
        return false;
      }
      EXPECT_TRUE(ended) << "operation " << point;
      return true;
    });
    EXPECT_GE(points, 8);  // two reads with their waits, the end, and two writes at least
  }
}

}  // namespace
}  // namespace cordon::net
