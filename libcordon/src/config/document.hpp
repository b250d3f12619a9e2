// A TOML document as a plain tree in which every key and value knows its place. The one file that knows the TOML
// library makes it (parse_toml.cpp); everything after that reads this.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cordon::config {

/// Where something stands in the text, both from 1; 0 and 0 when it stands nowhere.
struct Place {
  std::uint32_t line = 0, column = 0;
  auto operator<=>(const Place&) const = default;
};

struct Entry;
struct Node;
using Array = std::vector<Node>;
using Table = std::vector<Entry>;  ///< Each key once.

struct Node {
  Place place;                 ///< Of a table: its header.
  std::string_view type_name;  ///< With its article, such as `an integer`.
  std::variant<std::monostate, bool, std::int64_t, std::string, Array, Table> value;  ///< Monostate: a float or a date.
};

struct Entry {
  std::string key;
  Place place;  ///< Of the key.
  Node node;
};

struct SyntaxFault {
  Place place;
  std::string message;  ///< Quotes no value.
};

/// The document's root table, or its first fault. `text` is UTF-8. Keys of more than 16 parts and values nested deeper
/// than 16 are faults: the recursion of later steps is bounded by that.
std::expected<Node, SyntaxFault> parse_document(std::string_view text);

/// Where the nesting of `text` passes the bound. Looks at brackets and dots outside strings and comments only.
/// @returns the place of the first one too many, or line 0 when there is none
Place find_deep_nesting(std::string_view text) noexcept;

/// The place of the byte at `offset`. Columns count code points.
Place place_of(std::string_view text, std::size_t offset) noexcept;

}  // namespace cordon::config
