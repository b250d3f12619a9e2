// Where the parts of a TOML text stand, to the byte. The TOML library says what a text means; this says what to cut. Only for texts that
// the library has parsed: of others it makes no sense, though it stays within them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cordon::config {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Bytes from `begin` up to `end`.
struct Span {
  std::size_t begin = 0, end = 0;
};

using KeyPath = std::vector<std::string>;

/// `key = value`, on a line or in an inline table.
struct Pair {
  KeyPath key;
  Span all;  ///< From the key's first byte to the value's last.
  Span value;
  bool is_inline_table = false;
  std::vector<Pair> inner;  ///< Of an inline table.
};

enum class StatementKind : std::uint8_t { blank, comment, table, array_item, pair };

/// One or more whole lines. The statements of a text are all of it.
struct Statement {
  StatementKind kind = StatementKind::blank;
  Span lines;    ///< With the line's end, where it has one.
  KeyPath path;  ///< Of a header: `[a.b]`, `[[a.b]]`.
  Pair pair;
};

std::vector<Statement> scan(std::string_view text);

}  // namespace cordon::config
