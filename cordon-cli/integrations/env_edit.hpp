// Changes one variable of a .env file and leaves every other byte as it is. Read as dotenvy (Codex) and python-dotenv (Hermes)
// read it: an optional `export`, values bare or in single or double quotes, which may span lines, comments behind `#`. Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon::cli {

/// `value` as all readers of such files take it alike: bare where it is plain, else in single quotes.
/// @returns not_supported when it has a single quote, a backslash or a line end; the context names `name`
Result<std::string> dotenv_value(std::string_view name, std::string_view value);

/// What `name` stands for; of repeated lines the last one counts. References to other variables are not followed.
std::optional<std::string> find_env(std::string_view text, std::string_view name);

/// Gives `name` a value: in its place, or on a new line at the end. @returns as dotenv_value
Result<std::string> put_env(std::string_view text, std::string_view name, std::string_view value);

/// Takes the last line of `name` away, where there is one.
std::string erase_env(std::string_view text, std::string_view name);

}  // namespace cordon::cli
