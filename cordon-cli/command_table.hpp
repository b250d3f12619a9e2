// The commands together, for what is made out of all of them: help, completion and the manual.
#pragma once

#include <span>
#include <string>

#include "command.hpp"

namespace cordon::cli {

/// The commands that `cordon help` lists, in its order.
std::span<const Command* const> all_commands();

extern const Command kCompletion;

/// `cordon __complete WORD...` and `cordon __manual`, which scripts and the build call: they are in no list.
Exit answer_completion(const Context& context, std::span<const std::string> words);
Exit print_manual(const Context& context, std::span<const std::string> words);

}  // namespace cordon::cli
