// The rules of docs/config.md over the plain structs: one set for files and for host programs.
#pragma once

#include <string>
#include <vector>

#include <cordon/config.hpp>

namespace cordon::config {

/// A fault or a warning that does not know its place in a file yet.
struct Finding {
  std::string key;  ///< Dotted, as ConfigFault::key. A listener's keys are those of `[[listeners]]`.
  std::string message;
  std::string related;  ///< The key of the other side of a conflict; may be empty.
};

/// Everything that makes `config` unusable. Values that are empty because they are missing are named too.
std::vector<Finding> find_faults(const Config& config);

/// What is allowed but hardly meant: a route that never gets a request or never injects, a config without any.
std::vector<Finding> find_warnings(const Config& config);

}  // namespace cordon::config
