// New values for tokens, and for the settings of the programs that setup gave them to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/instance.hpp>

namespace cordon::cli {

struct Rotation {
  std::vector<std::string> rotated;  ///< The tokens' names.
  std::vector<std::string> given;    ///< The programs, by their names in commands, whose settings have the new value.
  std::vector<std::string> skipped;  ///< Settings that somebody has changed since, and that were left.
};

/// Gives the token called `name` a new value, or every token when it is empty. A program's settings get theirs before
/// tokens.toml has it: were it the other way round, a failure between the two would shut the program out. When it fails,
/// settings that were given a new value have the old one again.
/// @returns as TokenFile::rotate; why a program's settings could not be written
Result<Rotation> rotate_tokens(const Instance& instance, std::string_view name);

}  // namespace cordon::cli
