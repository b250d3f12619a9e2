#include "http1/head_buffer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http1/parser.hpp"

// What makes a head is in parser_test.cpp and transcripts/http. Here: the memory.
namespace cordon::http1 {
namespace {

HeadBuffer::Status take(HeadBuffer& buffer, std::string_view text) {
  base::ConstBytes input = base::as_bytes(text);
  return buffer.take(input);
}

std::string head_of_size(std::size_t size) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ", end = "\r\n\r\n";
  return begin + std::string(size - begin.size() - end.size(), 'x') + end;
}

TEST(HeadBuffer, KeepsItsMemoryWhenCleared) {
  HeadBuffer buffer(HeadBuffer::Section::head);
  EXPECT_EQ(take(buffer, head_of_size(20'000)), HeadBuffer::Status::complete);
  const std::size_t capacity = buffer.capacity();
  EXPECT_GE(capacity, 20'000U);
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.lines(), 0U);
  EXPECT_EQ(buffer.capacity(), capacity);
  EXPECT_EQ(take(buffer, head_of_size(100)), HeadBuffer::Status::complete);
  EXPECT_EQ(buffer.lines(), 3U);
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(HeadBuffer, OverwritesWhatItHeldWhenCleared) {
  HeadBuffer buffer(HeadBuffer::Section::head);
  EXPECT_EQ(take(buffer, head_of_size(300)), HeadBuffer::Status::complete);
  const char* const held = buffer.text().data();
  buffer.clear();
  EXPECT_EQ(std::string(held, 300), std::string(300, '\0'));
}

TEST(HeadBuffer, H10NeverHoldsMuchMoreThanTheBound) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{1'000}, 4 * kMaxHead}) {
    HeadBuffer buffer(HeadBuffer::Section::head);
    auto status = HeadBuffer::Status::incomplete;
    for (std::size_t sent = 0; status == HeadBuffer::Status::incomplete && sent < 4 * kMaxHead; sent += piece)
      status = take(buffer, std::string(piece, 'x'));
    EXPECT_EQ(status, HeadBuffer::Status::too_large) << piece;
    EXPECT_EQ(buffer.text().size(), kMaxHead) << piece;
    EXPECT_LE(buffer.capacity(), 2 * kMaxHead) << piece;
  }
}

TEST(HeadBuffer, ItsMemoryIsThatOfTheParser) {
  Parser parser(Parser::Kind::request);
  const std::size_t fresh = parser.capacity();
  const auto capacity_after = [&parser](std::size_t size) {
    const std::string text = head_of_size(size);
    base::ConstBytes input = base::as_bytes(text);
    EXPECT_EQ(parser.next(input).value(), Event::head);
    EXPECT_EQ(parser.next(input).value(), Event::end);
    return parser.capacity();
  };
  EXPECT_LT(fresh, 16U * 1024);
  EXPECT_LT(capacity_after(1'000), 16U * 1024) << "an ordinary head leaves a parser that may stay";
  const std::size_t large = capacity_after(60'000);
  EXPECT_GE(large, 60'000U);
  EXPECT_EQ(capacity_after(100), large) << "the largest head so far decides";
}

}  // namespace
}  // namespace cordon::http1
