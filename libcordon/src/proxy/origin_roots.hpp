// The roots that origins are verified against, and the TLS settings that follow from them.
#pragma once

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>

#include "tls/context.hpp"

namespace cordon::proxy {

/// PEM texts.
struct OriginRoots {
  std::vector<std::string> common;  ///< The system's, and those for all origins. Empty without routes.
  std::map<const Route*, std::vector<std::string>> own;  ///< All that count for a route that has roots of its own.
};

/// Reads them for `routes`, which must outlive the result. `extra` is one more text; it may be empty. Blocks on the disk.
/// @returns all failures together
std::expected<OriginRoots, std::vector<Error>> read_origin_roots(const Config& config, std::span<const Route> routes,
                                                                 const std::string& extra);

/// TLS settings towards origins that trust `pems`, but never our own CA, `own_ca` (empty: there is none).
Result<bssl::UniquePtr<SSL_CTX>> make_origin_tls(std::span<const std::string> pems, std::string_view own_ca);

}  // namespace cordon::proxy
