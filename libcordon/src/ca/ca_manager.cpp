#include <cordon/ca_manager.hpp>

#include <array>
#include <mutex>
#include <span>
#include <utility>

#include "ca/bundle.hpp"
#include "ca/certificate.hpp"
#include "ca/leaf_cache.hpp"
#include "ca/leaf_issuer.hpp"
#include "ca/replacement.hpp"
#include "ca/root.hpp"
#include "tls/roots.hpp"

namespace cordon {

namespace {

constexpr std::size_t kKeptLeaves = 1024;

// A leaf is replaced a day before its end, so that a connection that starts now is not shown one that ends under it.
constexpr std::chrono::hours kRenewal{24};

constexpr std::array<std::string_view, 3> kLoopback = {"localhost", "127.0.0.1", "::1"};
constexpr std::string_view kLoopbackKey = "the names of this machine";  // no host has a space

}  // namespace

struct CaManager::Impl {
  Impl(CaPaths ca_paths, CaOptions ca_options, std::unique_ptr<const tls::Identity> ca_root, ca::LeafIssuer ca_issuer)
      : paths(std::move(ca_paths)),
        options(std::move(ca_options)),
        root(std::move(ca_root)),
        issuer(std::move(ca_issuer)) {}

  // A new one would last no longer when the CA itself ends first. One from beyond a week ahead was made before the
  // clock was put back.
  bool is_fresh(const tls::Identity& leaf, ca::TimePoint now) const {
    const bool ends_soon = leaf.not_after() - kRenewal <= now && leaf.not_after() < root->not_after();
    return !ends_soon && leaf.not_after() <= now + ca::kLeafLifetime && now < leaf.not_after();
  }

  ca::LeafCache::Leaf find(std::string_view host, ca::TimePoint now) {
    const std::lock_guard lock(mutex);
    auto leaf = leaves.find(host);
    return leaf && is_fresh(*leaf, now) ? leaf : nullptr;
  }

  // What another thread has put there meanwhile wins, so that clients of one host resume each other's sessions.
  ca::LeafCache::Leaf keep(std::string_view host, ca::LeafCache::Leaf made, ca::TimePoint now) {
    const std::lock_guard lock(mutex);
    if (auto leaf = leaves.find(host); leaf && is_fresh(*leaf, now)) return leaf;
    leaves.put(host, made);
    return made;
  }

  Result<ca::LeafCache::Leaf> leaf(std::string_view key, std::span<const std::string_view> hosts) {
    const ca::TimePoint now = options.now();
    if (auto kept = find(key, now)) return kept;
    auto made = issuer.issue(hosts, now);
    if (!made) return made;
    return keep(key, std::move(*made), now);
  }

  const CaPaths paths;
  const CaOptions options;
  const std::unique_ptr<const tls::Identity> root;  // on the heap: the issuer points at it
  const ca::LeafIssuer issuer;
  // Taken once a connection for a look-up, never a request, and not while a leaf is made: a host that is new delays no
  // other.
  std::mutex mutex;
  ca::LeafCache leaves{kKeptLeaves};
};

CaManager::CaManager(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}
CaManager::CaManager(CaManager&&) noexcept = default;
CaManager& CaManager::operator=(CaManager&&) noexcept = default;
CaManager::~CaManager() = default;

Result<CaManager> CaManager::open(const CaPaths& paths, CaOptions options) {
  auto root = ca::open_root(paths, options);
  if (!root) return std::unexpected(std::move(root.error()));
  auto kept = std::make_unique<const tls::Identity>(std::move(*root));
  auto issuer = ca::LeafIssuer::create(*kept);
  if (!issuer) return std::unexpected(std::move(issuer.error()));
  return CaManager(std::make_unique<Impl>(paths, std::move(options), std::move(kept), std::move(*issuer)));
}

Result<CaManager> CaManager::rotate(const CaPaths& paths, CaOptions options) {
  if (auto replaced = ca::replace_root(paths, options); !replaced) return std::unexpected(std::move(replaced.error()));
  return open(paths, std::move(options));
}

const CaPaths& CaManager::paths() const noexcept {
  return impl_->paths;
}

std::string CaManager::certificate_pem() const {
  return ca::to_pem(*impl_->root->certificate());
}

std::chrono::system_clock::time_point CaManager::not_after() const {
  return impl_->root->not_after();
}

Result<std::shared_ptr<const tls::Identity>> CaManager::leaf(std::string_view host) const {
  if (host == kLoopbackKey) return fail(Errc::bad_request, "this is no host");
  return impl_->leaf(host, {&host, 1});
}

Result<std::shared_ptr<const tls::Identity>> CaManager::loopback_leaf() const {
  return impl_->leaf(kLoopbackKey, kLoopback);
}

Result<bool> CaManager::refresh_bundle() const {
  const auto system = tls::system_roots_pem();
  if (!system) return std::unexpected(system.error());
  return ca::write_bundle(impl_->paths.bundle, ca::compose_bundle(*system, certificate_pem()));
}

}  // namespace cordon
