// Small pure functions on text that several commands share.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cordon::cli {

/// A time such as `250ms`, `60s`, `1.5s`, `2m` or `1h`; the unit must be there. At most 24 hours. Nothing when it is
/// not one.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `60s`, `250ms`: the shortest exact spelling that parse_duration reads.
std::string to_string(std::chrono::milliseconds duration);

/// The candidate that is most like `word`, when one is near enough to be a slip of the fingers.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// `word` as a POSIX shell reads it back: as it is where it is plain, else in single quotes.
std::string shell_quoted(std::string_view word);

/// The words of a line as a POSIX shell splits it, as far as blanks, quotes and backslashes go; nothing in it is expanded. Nothing when a
/// quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view line);

/// `text` without what steers a terminal, line ends and tabs included: what somebody else chose makes no lines of its own.
std::string on_one_line(std::string_view text);

/// `1 route`, `2 routes`.
std::string counted(std::size_t count, std::string_view noun);

}  // namespace cordon::cli
