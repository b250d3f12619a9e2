#include "config/text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cordon::config {
namespace {

using namespace std::string_view_literals;

TEST(Text, FindsWhatIsNotUtf8) {
  EXPECT_EQ(find_invalid_utf8(""), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x94\x91"), std::nullopt);
  EXPECT_EQ(find_invalid_utf8("ab\xFF"), 2U);
  EXPECT_EQ(find_invalid_utf8("\xC3"), 0U) << "cut";
  EXPECT_EQ(find_invalid_utf8("a\xE2\x82"), 1U) << "cut";
  EXPECT_EQ(find_invalid_utf8("\xC1\xBF"), 0U) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xE0\x9F\xBF"), 0U) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xF0\x8F\xBF\xBF"), 0U) << "overlong";
  EXPECT_EQ(find_invalid_utf8("\xED\xA0\x80"), 0U) << "a surrogate";
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0U) << "past U+10FFFF";
  EXPECT_EQ(find_invalid_utf8("\x80"), 0U) << "a continuation";
}

TEST(Text, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("plain \xC3\xBC text"), "plain \xC3\xBC text");
  EXPECT_EQ(printable("\x1b[31m\n\0"sv), "\\u001b[31m\\u000a\\u0000");
  EXPECT_EQ(printable("\x7f\xC2\x9B"), "\\u007f\\u009b");
  EXPECT_EQ(printable("a\u202eb\u2066c\u200bd\u2028"), "a\\u202eb\\u2066c\\u200bd\\u2028");
  EXPECT_EQ(printable("\xFF\xC3"), "\\xff\\xc3");
}

TEST(Text, CutsLongText) {
  EXPECT_EQ(printable(std::string(120, 'a')), std::string(120, 'a'));
  EXPECT_EQ(printable(std::string(121, 'a')), std::string(120, 'a') + "...");
}

TEST(Text, FindsTheNearestWord) {
  constexpr std::array known = {"host"sv, "port"sv, "header_name"sv, "allow_plaintext"sv};
  EXPECT_EQ(nearest_word("hosts", known), "host");
  EXPECT_EQ(nearest_word("Port", known), "port");
  EXPECT_EQ(nearest_word("prot", known), "port");
  EXPECT_EQ(nearest_word("header-name", known), "header_name");
  EXPECT_EQ(nearest_word("headername", known), "header_name");
  EXPECT_EQ(nearest_word("allow_plain_text", known), "allow_plaintext");
  EXPECT_EQ(nearest_word("password", known), "");
  EXPECT_EQ(nearest_word("", known), "");
  EXPECT_EQ(nearest_word(std::string(1U << 20U, 'h'), known), "");
}

TEST(Text, ListsWords) {
  EXPECT_EQ(list_words({}), "");
  EXPECT_EQ(list_words(std::array{"a"sv, "b"sv}), "`a`, `b`");
}

}  // namespace
}  // namespace cordon::config
