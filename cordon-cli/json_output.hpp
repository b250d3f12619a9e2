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

/// For a command that failed and has not printed anything: all that it told of, as `{"error": {"message": ..., "hint": ...}}`, of which
/// each has a line for each error and hint, and `hint` is null where there was none. Nothing where the command has printed its own.
void print_json_of_failure(Terminal& terminal);

}  // namespace cordon::cli
