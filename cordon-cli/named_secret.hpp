// The secrets of a config by the names of the routes and listeners that use them.
#pragma once

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

/// The one called `name`. When there is none, that is reported, with the nearest name.
const NamedSecret* find_secret(const Terminal& terminal, const Target& target, const std::vector<NamedSecret>& secrets,
                               std::string_view name);

/// What a command that could not use a store exits with: 4 where trying again later may help.
Exit exit_of(const Error& error);

}  // namespace cordon::cli
