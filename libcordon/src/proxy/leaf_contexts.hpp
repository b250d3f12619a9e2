// TLS settings towards clients, one for each host that is intercepted.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include <cordon/ca_manager.hpp>

#include "tls/context.hpp"

namespace cordon::proxy {

/// One a worker. Settings are made with a host's leaf and made anew when the CA gives another leaf for it.
class LeafContexts {
 public:
  /// A server-side TLS connection that shows the leaf for `host` and is bound to it. `host` outlives the connection.
  Result<bssl::UniquePtr<SSL>> session_for(const CaManager& ca, const std::string& host);

  /// One that shows the certificate of this machine's own names, whatever name the client asks for: for listeners.
  Result<bssl::UniquePtr<SSL>> session_for_listener(const CaManager& ca);

  /// For another CA. Connections that are there keep what they have.
  void clear() noexcept {
    entries_.clear();
    listener_ = {};
  }

 private:
  static constexpr std::size_t kMaxContexts = 1024;
  struct Entry {
    std::shared_ptr<const tls::Identity> identity;  // the CA's cache and we use the same leaf
    bssl::UniquePtr<SSL_CTX> context;
  };
  using Leaf = Result<std::shared_ptr<const tls::Identity>>;
  /// Brings `entry` up to date with `identity`.
  static Result<> refresh(Entry& entry, Leaf identity, tls::Protocol protocol);

  std::unordered_map<std::string, Entry> entries_;
  Entry listener_;
};

}  // namespace cordon::proxy
