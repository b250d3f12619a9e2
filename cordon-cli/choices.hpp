// Options that take one of a few words.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace cordon::cli {

/// For `option->check(one_of({...}))`: other words are a usage error, and completion offers these.
CLI::Validator one_of(const std::vector<std::string>& words);

/// The words of the option's one_of(); empty when it has none.
std::vector<std::string> choices_of(const CLI::Option& option);

}  // namespace cordon::cli
