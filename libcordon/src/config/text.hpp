// Small judgements about text that comes from a file and may go into a message.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cordon::config {

/// The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629: no overlong form, no surrogate);
/// nothing when there is none.
std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/// `text` fit for a message on a terminal: control characters, those that turn the direction of text, and bytes that
/// are not UTF-8 are written as escapes, and what is over 120 bytes is cut.
std::string printable(std::string_view text);

/// The same without the cut, for what a person has to see whole.
std::string escaped(std::string_view text);

/// ASCII letters in lower case; everything else as it is.
std::string lower_case(std::string_view text);

/// The known word that `word` is most likely a slip of; empty when none is near. Case, `-` and `_` do not count.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

/// The words in backticks with commas between: "`a`, `b`, `c`".
std::string list_words(std::span<const std::string_view> words);

}  // namespace cordon::config
