// What --json prints.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include <cordon/error.hpp>

#include "terminal.hpp"

namespace cordon::cli {

/// Keys stay in the order in which they were put in.
using Json = nlohmann::ordered_json;

/// Prints `report` to standard output, indented. Bytes that are not UTF-8 become U+FFFD.
void print_json(Terminal& terminal, const Json& report);

/// `{"code": ..., "message": ...}`.
Json json_of(const Error& error);

/// A list of these.
Json json_of(const std::vector<Error>& errors);

}  // namespace cordon::cli
