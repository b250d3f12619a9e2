// How well-known services want their credential: what `cordon route add` offers for their hosts.
#pragma once

#include <string>
#include <string_view>

namespace cordon::cli {

struct Provider {
  std::string_view host;
  std::string_view name;         ///< What a route for it is called.
  std::string_view header_name;  ///< Empty: basic authentication.
  std::string_view scheme;       ///< Of the header; mostly `Bearer` or none.
  std::string_view username;     ///< Of basic authentication.
};

/// The one of that host; null when none is known.
const Provider* find_provider(std::string_view host);

/// A name for a route to `host`: the provider's, else what is left of the host without `api`, `www` and its last label.
std::string route_name_for(std::string_view host);

}  // namespace cordon::cli
