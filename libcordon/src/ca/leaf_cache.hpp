// The leaves made so far, by host.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ca/certificate.hpp"
#include "tls/identity.hpp"

namespace cordon::ca {

/// At most `capacity` leaves, the least recently used dropped first. Not thread-safe.
class LeafCache {
 public:
  using Leaf = std::shared_ptr<const tls::Identity>;  ///< Shared with the handshakes under way when it is dropped.

  explicit LeafCache(std::size_t capacity) : capacity_(capacity) {}

  /// The leaf of `host`, now the most recently used, or null.
  Leaf find(std::string_view host);

  /// Puts `leaf` in place of what is kept for `host`.
  void put(std::string_view host, Leaf leaf);

  std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string host;
    Leaf leaf;
  };

  std::size_t capacity_;
  std::list<Entry> entries_;                                                  ///< The most recently used first.
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_host_;  ///< Keys lie in entries_.
};

}  // namespace cordon::ca
