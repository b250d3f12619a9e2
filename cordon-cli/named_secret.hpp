// The secrets of a config by the names of the routes and listeners that use them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "target.hpp"

namespace cordon::cli {

struct NamedSecret {
  std::string_view kind;  ///< "route" or "listener".
  std::string name;
  SecretRef ref;

  std::string title() const;  ///< `route stripe`.
};

/// Of all routes, then of all listeners, in the file's order.
std::vector<NamedSecret> secrets_of(const Config& config);

/// Says that the target's config has no `kind` (such as "route") called `name`, and which of `known`, its names, is meant or are there.
/// `named` is how the target was named.
void report_unknown_name(const Context& context, const Target& target, const TargetOptions& named,
                         std::string_view kind, std::string_view name, std::span<const std::string_view> known);

/// The one called `name`. When there is none, that is reported.
const NamedSecret* find_secret(const Context& context, const Target& target, const TargetOptions& named,
                               const std::vector<NamedSecret>& secrets, std::string_view name);

}  // namespace cordon::cli
