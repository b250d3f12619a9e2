// What `cordon wait` and `cordon run` share: waiting until the instance serves.
#pragma once

#include <string>
#include <string_view>

#include "target.hpp"

namespace cordon::cli {

/// --timeout and --interval as they were given, and checked.
struct PatienceOptions {
  std::string timeout = "60s";
  std::string interval = "50ms";
};

/// What is wrong with a time that was given as an option; empty when nothing is.
std::string check_duration(const std::string& text);

/// Declares --timeout and --interval; a value that is no time is a usage error.
void add_patience_options(CLI::App& app, PatienceOptions& options);

/// What to say of an instance that did not answer in time; `why` is how its last try ended.
std::string not_ready_text(const Target& target, std::string_view timeout, const Error& why);

/// Waits until the target's instance answers. What is wrong is already reported, and is returned for what comes besides.
Result<> wait_for(const Context& context, const Target& target, const TargetOptions& named,
                  const PatienceOptions& patience);

}  // namespace cordon::cli
