#include "proxy/origin_roots.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/files.hpp"
#include "net/tls_sessions.hpp"
#include "tls/roots.hpp"

namespace cordon::proxy {
namespace {

using Errors = std::vector<Error>;
using Pems = std::vector<std::string>;

constexpr std::size_t kMaxRoots = std::size_t{4} * 1024 * 1024;

/// Reads roots that the config names. Whoever can write them decides which origin gets a secret: nobody else may.
Result<> add_roots(const std::optional<std::filesystem::path>& path, Pems& pems) {
  if (!path) return {};
  auto pem = base::read_trusted_file(*path, kMaxRoots);
  if (!pem) return std::unexpected(std::move(pem).error());
  if (const auto roots = tls::make_root_store({&*pem, 1}); !roots) {
    return fail(roots.error().code, fmt::format("{}: {}", path->native(), roots.error().context));
  }
  pems.push_back(std::move(*pem));
  return {};
}

}  // namespace

std::expected<OriginRoots, Errors> read_origin_roots(const Config& config, const std::string& extra) {
  OriginRoots roots;
  const auto asks_over_tls = [](const Listener& each) { return each.upstream_tls == UpstreamTls::verify_full; };
  if (config.routes.empty() && std::ranges::none_of(config.listeners, asks_over_tls)) return roots;
  Errors errors;
  auto system = tls::system_roots_pem();
  if (system) {
    roots.common.push_back(std::move(*system));
  } else {
    errors.push_back(std::move(system).error());
  }
  if (!extra.empty()) roots.common.push_back(extra);
  if (auto added = add_roots(config.tls.upstream_ca_path, roots.common); !added) errors.push_back(added.error());
  const auto add_own = [&](const std::optional<std::filesystem::path>& path) {
    if (!path || roots.own.contains(*path)) return;
    Pems& own = roots.own[*path] = roots.common;
    if (auto added = add_roots(path, own); !added) errors.push_back(added.error());
  };
  for (const Route& route : config.routes)
    add_own(route.upstream_ca_path);
  for (const Listener& listener : config.listeners)
    add_own(listener.upstream_ca_path);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return roots;
}

Result<bssl::UniquePtr<SSL_CTX>> make_origin_tls(std::span<const std::string> pems, std::string_view own_ca) {
  auto roots = tls::make_root_store(pems, tls::CordonCas::left_out, own_ca);
  if (!roots) return std::unexpected(std::move(roots).error());
  auto context = tls::make_origin_context(std::move(*roots));
  if (context) net::TlsSessions::enable(**context);
  return context;
}

}  // namespace cordon::proxy
