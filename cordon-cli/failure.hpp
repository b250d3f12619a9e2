// How a command reports that it failed: what is wrong, and the command that mends it for the instance that was named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "target.hpp"

namespace cordon::cli {

/// What mends a CA that cannot be used: a new one, or for a CA that the config names what its owner has to do.
std::string ca_remedy(const Target& target, const TargetOptions& options);

/// What to do about an error whose message does not say it, since only the command line knows which instance is meant. Nothing where
/// there is nothing to add.
std::optional<std::string> remedy(const Error& error, const Target& target, const TargetOptions& options);

/// Where the tokens are, for one that is not there.
std::string token_remedy(const TargetOptions& options);

/// Says what is wrong with each, then what to do about them.
void report_errors(const Context& context, const std::vector<Error>& errors, const Target& target,
                   const TargetOptions& options);

/// Says what is wrong. @returns Exit::failed
Exit fail_with(const Context& context, const Error& error);

/// The same with its remedy.
Exit fail_with(const Context& context, const Error& error, const Target& target, const TargetOptions& options);

}  // namespace cordon::cli
