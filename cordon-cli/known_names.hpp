// The names that an option or argument can take, out of the files that the command line is about. For completion.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "target.hpp"

namespace cordon::cli {

/// Names, each with a few words about it.
using KnownNames = std::vector<std::pair<std::string, std::string>>;

/// What fits `option` (`--token`, `NAME`) of `command` (`token rotate`). Nothing when any name would do, and when the
/// files cannot be read.
KnownNames known_names(const Context& context, TargetOptions target, std::string_view command, std::string_view option);

}  // namespace cordon::cli
