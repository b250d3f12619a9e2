// What must not reach a terminal or a log as it is. The one place that says which characters these are.
#pragma once

#include <string_view>

namespace cordon::base {

/// A character, or a byte that is not part of one.
struct Character {
  std::string_view bytes;  ///< Of the text: one byte when it is not valid.
  char32_t value = 0;
  bool valid = false;
};

/// The first character of `text`, which is not empty, by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
Character first_character(std::string_view text) noexcept;

/// False for control characters (C0, DEL, C1), line separators, and what turns or hides text (the Trojan Source characters).
/// All of these are below U+10000.
bool is_printable(char32_t c) noexcept;

}  // namespace cordon::base
