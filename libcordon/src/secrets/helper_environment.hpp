// Which variables of Cordon's environment a helper program gets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <cordon/secret_store.hpp>

namespace cordon::secrets {

/// The variables of `environment` for the program of that file name (`pass`, without its folder), as `NAME=value`. What
/// every program may need to find its settings and to ask its user goes to all; a store's credential only to that
/// store's program. Never a proxy variable and never one that names certificates: the helper's own connections must not
/// depend on Cordon, whose proxy and CA are often set in the shell that starts it. docs/secrets.md shows the list.
std::vector<std::string> helper_environment(const Environment& environment, std::string_view program);

}  // namespace cordon::secrets
