// Where tables and keys stand in a TOML text (toml.io, 1.0), so that one entry can be changed without touching the rest.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

namespace cordon::cli::toml_text {

using Path = std::vector<std::string>;

/// `key = value`, on a line or inside an inline table.
struct Entry {
  Path path;  ///< With the table that it is in. Those in arrays of tables have an empty one: nothing means them.
  std::size_t key_begin;
  std::size_t last_part;  ///< Where the last part of a dotted key begins; key_begin for others.
  std::size_t value_begin;
  std::size_t value_end;
  bool is_inline_table;
  std::optional<std::size_t> owner;  ///< The index of the inline table that it is in.
};

/// `[table]`, and how far its lines go.
struct Table {
  Path path;  ///< Empty for arrays of tables, and for the lines before the first table.
  std::size_t begin;
  std::size_t end_of_entries;  ///< One past the line of its last entry, or of its header.
};

struct Document {
  std::vector<Entry> entries;
  std::vector<Table> tables;  ///< The first one has no header.
};

/// @returns config_invalid, with line and column and no word of the text
Result<Document> scan(std::string_view text);

/// What a string, quotes and all, stands for; nothing for values that are none.
std::optional<std::string> string_value(std::string_view value);

}  // namespace cordon::cli::toml_text
