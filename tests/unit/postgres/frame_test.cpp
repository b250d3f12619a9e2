#include "postgres/frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordon::postgres {
namespace {

using namespace std::literals;

constexpr std::size_t kBound = 100;

TEST(PostgresFrame, TakesOneMessageAndLeavesTheNext) {
  const std::string text = "Z\0\0\0\x05IK\0\0\0\x04"s;
  base::ConstBytes input = base::as_bytes(text);
  auto frame = next_frame(input, kBound);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->type, 'Z');
  EXPECT_EQ(base::as_text((*frame)->payload), "I");
  frame = next_frame(input, kBound);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->type, 'K');
  EXPECT_TRUE((*frame)->payload.empty());
  EXPECT_TRUE(input.empty());
}

TEST(PostgresFrame, TakesNothingOfAnIncompleteMessage) {
  const std::string text =
      "S\0\0\0\x08"
      "a\0b\0"s;
  for (std::size_t size = 0; size < text.size(); ++size) {
    base::ConstBytes input = base::as_bytes(std::string_view(text).substr(0, size));
    const auto frame = next_frame(input, kBound);
    ASSERT_TRUE(frame) << size;
    EXPECT_FALSE(*frame) << size;
    EXPECT_EQ(input.size(), size);
  }
}

TEST(PostgresFrame, RefusesALengthThatDoesNotCountItself) {
  for (const std::string_view length : {"\0\0\0\0"sv, "\0\0\0\x03"sv}) {
    const std::string text = "R" + std::string(length);
    base::ConstBytes input = base::as_bytes(text);
    const auto frame = next_frame(input, kBound);
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().sqlstate, kProtocolViolation);
    EXPECT_EQ(frame.error().by, Refusal::By::cordon);
  }
}

TEST(PostgresFrame, RefusesAPayloadOverTheBoundBeforeItHasCome) {
  for (const std::string_view length : {"\0\0\0\x69"sv, "\x7f\xff\xff\xff"sv, "\x80\0\0\0"sv, "\xff\xff\xff\xff"sv}) {
    const std::string text = "R" + std::string(length);
    base::ConstBytes input = base::as_bytes(text);
    EXPECT_FALSE(next_frame(input, kBound));
  }
}

TEST(PostgresFrame, AcceptsAPayloadAsLongAsTheBound) {
  const std::string text = "R\0\0\0\x68"s + std::string(kBound, 'x');
  base::ConstBytes input = base::as_bytes(text);
  const auto frame = next_frame(input, kBound);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ((*frame)->payload.size(), kBound);
}

TEST(PostgresFrame, WritesWhatItReads) {
  base::WipedBuffer out;
  append_frame(out, 'p', {"md5", "", "abc", kNul});
  EXPECT_EQ(out.view(), "p\0\0\0\x0bmd5abc\0"sv);
}

TEST(PostgresFrame, WritesAPacketWithoutAType) {
  base::WipedBuffer out;
  const std::string_view parts[] = {"ab", "c"};
  append_packet(out, parts);
  EXPECT_EQ(out.view(),
            "\0\0\0\x07"
            "abc"sv);
}

TEST(PostgresFrame, WritesAndReadsInt32InNetworkOrder) {
  EXPECT_EQ(Int32(0x01F2E3D4).view(), "\x01\xf2\xe3\xd4"sv);
  EXPECT_EQ(read_int32(base::as_bytes("\xff\xfe\xfd\xfcrest"sv)), 0xFFFEFDFCU);
}

TEST(PostgresFrame, TakesStringsUpToTheirNul) {
  base::ConstBytes bytes = base::as_bytes("ab\0\0c"sv);
  EXPECT_EQ(take_string(bytes), "ab");
  EXPECT_EQ(take_string(bytes), "");
  EXPECT_EQ(take_string(bytes), std::nullopt);
  EXPECT_EQ(bytes.size(), 1U);
}

}  // namespace
}  // namespace cordon::postgres
