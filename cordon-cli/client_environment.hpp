// The variables that send a client through the proxy and make it trust the proxy's CA: `cordon env` prints them,
// `cordon run` sets them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "target.hpp"

namespace cordon::cli {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// The variables for clients of `target`, in a fixed order. Creates the CA when there is none, and writes the combined
/// bundle when it is out of date; with TLS disabled it touches no file. `environment` is the caller's own, for its
/// NO_PROXY.
Result<Variables> client_variables(const Target& target, const Environment& environment);

/// One comma-separated list of all entries of `lists`, each of which is one too (or separated by blanks); of equal
/// entries the first stays.
std::string merge_no_proxy(const std::vector<std::string>& lists);

}  // namespace cordon::cli
