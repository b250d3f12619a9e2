#include "proxy/leaf_contexts.hpp"

namespace cordon::proxy {

Result<bssl::UniquePtr<SSL>> LeafContexts::session_for(const CaManager& ca, const std::string& host) {
  auto identity = ca.leaf(host);
  if (!identity) return std::unexpected(std::move(identity).error());
  if (entries_.size() >= kMaxContexts && !entries_.contains(host)) entries_.clear();
  Entry& entry = entries_[host];
  if (entry.identity != *identity) {
    auto context = tls::make_server_context(**identity);
    if (!context) return std::unexpected(std::move(context).error());
    entry = {std::move(*identity), std::move(*context)};
  }
  return tls::make_server_session(*entry.context, host);
}

}  // namespace cordon::proxy
