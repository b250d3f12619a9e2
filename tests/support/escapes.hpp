// How dialogues write bytes: as C does, and `\*80(ab)` for eighty times `ab`.
#pragma once

#include <string>
#include <string_view>

namespace cordon::testing {

/// The bytes that `text` stands for: `\r` `\n` `\t` `\0` `\\` `\xNN` `\*N(text)`. Throws std::runtime_error for any other escape.
std::string unescape(std::string_view text);

/// `bytes` with `\r` `\n` `\t` `\\` and `\xNN` for what is not printable ASCII.
std::string escape(std::string_view bytes);

}  // namespace cordon::testing
