#include "base/unprintable.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <cordon/printable.hpp>

namespace cordon::base {
namespace {

using namespace std::string_view_literals;

TEST(Unprintable, CharactersThatSteerOrHideText) {
  for (const char32_t c : U"\x1b\x7f\u009b\u00ad\u061c\u200b\u200e\u2028\u202e\u2066\ufeff"sv)
    EXPECT_FALSE(is_printable(c)) << std::hex << static_cast<unsigned>(c);
  for (const char32_t c : U" ~\u00a0\u00fc\u2010\u20ac\u3000\U0001f600"sv)
    EXPECT_TRUE(is_printable(c)) << std::hex << static_cast<unsigned>(c);
}

TEST(Unprintable, FirstCharacterOfAText) {
  EXPECT_EQ(first_character("a\xC3\xBC").bytes, "a");
  EXPECT_EQ(first_character("\xC3\xBCx").bytes, "\xC3\xBC");
  EXPECT_EQ(first_character("\xC3\xBCx").value, U'\u00fc');
  for (const std::string_view bad :
       {"\x9B"sv, "\xC2"sv, "\xC0\xAF"sv, "\xE0\x80\xAF"sv, "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv, "\xFFz"sv}) {
    EXPECT_FALSE(first_character(bad).valid) << bad;
    EXPECT_EQ(first_character(bad).bytes, bad.substr(0, 1));
  }
}

TEST(Unprintable, WithoutControlsKeepsTextAndLayout) {
  constexpr std::string_view kText =
      "Gr\xC3\xB6\xC3\x9F"
      "e \xE2\x82\xAC\n\ttab";
  EXPECT_EQ(without_controls(kText), kText);
}

TEST(Unprintable, WithoutControlsEscapesWhatATerminalObeys) {
  EXPECT_EQ(without_controls("\x1b[31m\r\x7f\0"sv), "\\x1b[31m\\x0d\\x7f\\x00");
  EXPECT_EQ(without_controls("\xC2\x9B"
                             "31m"),
            "\\xc2\\x9b31m")
      << "CSI as one character";
  EXPECT_EQ(without_controls("\x9B"
                             "31m"),
            "\\x9b31m")
      << "CSI as one byte, for terminals that do not speak UTF-8";
  EXPECT_EQ(without_controls("a\u202Eb\u2028c"), "a\\xe2\\x80\\xaeb\\xe2\\x80\\xa8c");
}

}  // namespace
}  // namespace cordon::base
