#include "first_config.hpp"

#include <fmt/format.h>

namespace cordon::cli {
namespace {

constexpr std::string_view kScaffold =
    R"(# Cordon's config: which hosts get which credential. Credentials themselves are never in it.
listen = {}

# A route. `cordon route add` asks what it needs and writes one; `cordon check` says what is wrong.
#
# [[routes]]
# name = "example"
# [routes.match]
# host = "api.example.com"
# [routes.auth]
# type = "header"
# header_name = "Authorization"
# scheme = "Bearer"
# [routes.auth.secret]
# source = "keyring"
# account = "example"
)";

}  // namespace

std::string first_config(std::uint16_t port) {
  return fmt::format(kScaffold, port);
}

}  // namespace cordon::cli
