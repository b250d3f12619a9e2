// Changes one string of a table in a TOML text and leaves every other byte as it is: the table as [a.b], as an inline table, or
// as dotted keys, whichever is there. Pure functions. Their errors: config_invalid when the text cannot be read (line and
// column, no word of it), or when the table's name stands for something else.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

namespace cordon::cli {

/// The keys from the outermost table inwards; the last one is the string's.
using TomlPath = std::vector<std::string>;

/// The string at `path`; a value of another type as it is written; nothing where there is none.
Result<std::optional<std::string>> find_toml(std::string_view text, const TomlPath& path);

/// Gives it a value: in its place, behind the others of its table, or in a new [table] at the end.
/// @returns also not_supported for a value with control characters
Result<std::string> put_toml(std::string_view text, const TomlPath& path, std::string_view value);

/// Takes it away, with its line or comma.
Result<std::string> erase_toml(std::string_view text, const TomlPath& path);

/// Takes the header [table] away, with the empty line above it, when nothing is in that table any more.
Result<std::string> erase_empty_toml_table(std::string_view text, const TomlPath& table);

}  // namespace cordon::cli
