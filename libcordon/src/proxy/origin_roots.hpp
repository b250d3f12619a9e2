// The roots that origins are verified against, and the TLS settings that follow from them.
#pragma once

#include <expected>
#include <filesystem>
#include <map>
#include <optional>
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
  std::vector<std::string> common;  ///< The system's, and those for all origins. Empty when nothing is asked over TLS.
  /// All that count where a route or listener names a file of its own, by that file.
  std::map<std::filesystem::path, std::vector<std::string>> own;

  /// What counts for a route or listener whose own file is `path`, one that was read.
  const std::vector<std::string>& of(const std::optional<std::filesystem::path>& path) const {
    return path ? own.at(*path) : common;
  }
};

/// Reads those that the routes and listeners of `config` need. `extra` is one more text; it may be empty. Blocks on the disk.
/// @returns all failures together
std::expected<OriginRoots, std::vector<Error>> read_origin_roots(const Config& config, const std::string& extra);

/// TLS settings towards origins that trust `pems`, but never our own CA, `own_ca` (empty: there is none).
Result<bssl::UniquePtr<SSL_CTX>> make_origin_tls(std::span<const std::string> pems, std::string_view own_ca);

}  // namespace cordon::proxy
