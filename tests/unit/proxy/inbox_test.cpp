#include "proxy/inbox.hpp"

#include <gtest/gtest.h>

#include "support/event_loop.hpp"
#include "support/scripted_stream.hpp"

namespace cordon::proxy {
namespace {

using test::ScriptedStream;

class InboxTest : public ::testing::Test {
 protected:
  Result<> read(ScriptedStream& stream) { return loop_.run(inbox_.read_more(stream)); }
  std::string unread() const { return std::string(base::as_text(inbox_.unread())); }
  /// Uses the first `count` bytes.
  void use(std::size_t count) { inbox_.keep(inbox_.unread().subspan(count)); }

  test::EventLoop loop_;
  Inbox inbox_;
};

TEST_F(InboxTest, HoldsWhatWasReadAndNotUsed) {
  ScriptedStream stream(loop_.watchdog, {"one", "two", "three"});
  EXPECT_TRUE(inbox_.unread().empty());
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(unread(), "one");
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(unread(), "onetwo");
  use(4);
  EXPECT_EQ(unread(), "wo");
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(unread(), "wothree");
}

TEST_F(InboxTest, WhatWasUsedStaysReadableUntilTheNextRead) {
  ScriptedStream stream(loop_.watchdog, {"packetrest"});
  ASSERT_TRUE(read(stream));
  const auto packet = inbox_.unread().first(6);
  use(6);
  EXPECT_EQ(base::as_text(packet), "packet");
  EXPECT_EQ(unread(), "rest");
}

TEST_F(InboxTest, CanBeUsedUpAndFilledAgain) {
  ScriptedStream stream(loop_.watchdog, {"one", "two"});
  ASSERT_TRUE(read(stream));
  use(3);
  EXPECT_EQ(unread(), "");
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(unread(), "two");
}

// Whatever a peer says of a length, memory is taken for what it has sent, and one read at most besides.
TEST_F(InboxTest, PG6TakesNoMoreThanOneReadAtATime) {
  ScriptedStream stream(loop_.watchdog, {std::string(100'000, 'x')});
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(inbox_.unread().size(), 8U * 1024);
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(inbox_.unread().size(), 16U * 1024);
}

TEST_F(InboxTest, AFailedReadLeavesWhatIsThere) {
  ScriptedStream stream(loop_.watchdog, {"one"});
  ASSERT_TRUE(read(stream));
  use(1);
  const auto ended = read(stream);
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, Errc::end_of_stream);
  EXPECT_EQ(unread(), "ne");
}

TEST_F(InboxTest, ClearForgetsEverything) {
  ScriptedStream stream(loop_.watchdog, {"one", "two"});
  ASSERT_TRUE(read(stream));
  use(1);
  inbox_.clear();
  EXPECT_EQ(unread(), "");
  ASSERT_TRUE(read(stream));
  EXPECT_EQ(unread(), "two");
}

}  // namespace
}  // namespace cordon::proxy
