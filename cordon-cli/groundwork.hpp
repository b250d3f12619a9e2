// What `cordon setup` lays for an instance before any program is told of it: a config, the CA and its bundle, tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "target.hpp"

namespace cordon::cli {

/// An instance that is going to be set up.
struct Site {
  Target target;
  std::optional<std::string> scaffold;  ///< The config to write, when there is none yet. `target` has what it says.
};

/// Loads the config that the options name, or plans a first one, on a port that nobody uses. Changes nothing. What is wrong is
/// already reported when nothing is returned.
std::optional<Site> find_site(const Context& context, const TargetOptions& options);

struct Groundwork {
  bool config_made = false;
  bool ca_made = false;
  std::vector<std::string> tokens_made;
  std::vector<std::string> tokens;  ///< All names.
};

/// Writes what is missing, and nothing else: an existing config, CA or token stays. `client` is the name of a token that is to
/// be there beside the default one; empty: none.
Result<Groundwork> lay_groundwork(const Site& site, std::string_view client);

}  // namespace cordon::cli
