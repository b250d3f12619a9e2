// A command that ends as another program.
#pragma once

#include <string>
#include <vector>

namespace cordon::cli {

/// Replaces this process by the program `command[0]`, which is looked for in PATH unless it has a slash, so that its signals and its
/// exit status are its own. @returns only when that fails, with errno
int become(const std::vector<std::string>& command);

}  // namespace cordon::cli
