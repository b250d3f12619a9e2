#include "http1/byte_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace cordon::http1 {
namespace {

ByteCounts count_plainly(std::string_view text) {
  ByteCounts counts;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) ++counts.controls;
    counts.high = counts.high || byte >= 0x80;
  }
  return counts;
}

char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

TEST(ByteScan, CountsEachByteAtEachPlace) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (int byte = 0; byte < 256; ++byte) {
      for (std::size_t at = 0; at < size; at += 3) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        const ByteCounts expected = count_plainly(text);
        ASSERT_EQ(count_bytes(text).controls, expected.controls) << "byte " << byte << " at " << at << " of " << size;
        ASSERT_EQ(count_bytes(text).high, expected.high) << "byte " << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(ByteScan, CountsMoreThanOneByteCounterHolds) {
  const std::string text(100'003, '\r');
  EXPECT_EQ(count_bytes(text).controls, text.size());
  EXPECT_FALSE(count_bytes(text).high);
}

TEST(ByteScan, CountsNothingInNothing) {
  EXPECT_EQ(count_bytes({}).controls, 0U);
  EXPECT_FALSE(count_bytes({}).high);
}

TEST(ByteScan, FoldsLettersAndNothingElse) {
  for (std::size_t size = 1; size < 20; ++size) {
    for (int a = 0; a < 256; ++a) {
      for (int b = 0; b < 256; ++b) {
        std::string one(size, 'x');
        std::string two(size, 'X');
        one[size / 2] = static_cast<char>(a);
        two[size / 2] = static_cast<char>(b);
        const bool expected = fold(static_cast<char>(a)) == fold(static_cast<char>(b));
        ASSERT_EQ(equal_letters(one, two), expected) << a << " and " << b << " within " << size;
      }
    }
  }
}

TEST(ByteScan, FindsADifferenceAtEachPlace) {
  const std::string name = "Sec-WebSocket-Accept";
  for (std::size_t size = 1; size <= name.size(); ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = name;
      other[at] = '!';
      EXPECT_FALSE(equal_letters(name.substr(0, size), other.substr(0, size))) << at << " of " << size;
    }
  }
}

}  // namespace
}  // namespace cordon::http1
