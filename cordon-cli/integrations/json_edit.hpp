// Changes one entry of a JSON or JSON5 text and leaves every other byte as it is: comments, order, indentation, line ends.
// All functions are pure. Their errors: config_invalid when the text cannot be read (line and column, no word of it), or when
// something on the way to the entry is of another kind.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

namespace cordon::cli {

using Json = nlohmann::ordered_json;

/// The keys from the outermost object inwards.
using JsonPath = std::vector<std::string>;

/// What stands at `path`; nothing where there is no such entry. Of repeated keys the last counts, as for JSON.parse. Numbers
/// that JSON does not know come as strings.
Result<std::optional<Json>> find_json(std::string_view text, const JsonPath& path);

/// Gives the entry at `path` a value. Objects on the way are made; an empty text becomes one. A new entry stands behind the
/// others of its object, written as they are: on a line of its own, or on the same.
Result<std::string> put_json(std::string_view text, const JsonPath& path, const Json& value);

/// Takes the entry at `path` away, with its comma and its line. One that is not there is fine.
Result<std::string> erase_json(std::string_view text, const JsonPath& path);

/// Puts `value` behind the elements of the array at `path`, which is made if need be.
Result<std::string> append_json(std::string_view text, const JsonPath& path, const Json& value);

/// Takes one element of the array at `path` away.
Result<std::string> erase_json_element(std::string_view text, const JsonPath& path, std::size_t index);

}  // namespace cordon::cli
