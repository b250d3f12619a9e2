#include "ca/leaf_cache.hpp"

#include <utility>

namespace cordon::ca {

LeafCache::Leaf LeafCache::find(std::string_view host) {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->leaf;
}

void LeafCache::put(std::string_view host, Leaf leaf) {
  if (find(host) != nullptr) {
    entries_.front().leaf = std::move(leaf);
    return;
  }
  entries_.push_front({std::string(host), std::move(leaf)});
  by_host_.emplace(entries_.front().host, entries_.begin());
  if (entries_.size() <= capacity_) return;
  by_host_.erase(entries_.back().host);
  entries_.pop_back();
}

}  // namespace cordon::ca
