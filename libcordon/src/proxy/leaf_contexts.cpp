#include "proxy/leaf_contexts.hpp"

namespace cordon::proxy {

Result<> LeafContexts::refresh(Entry& entry, Leaf identity, tls::Protocol protocol) {
  if (!identity) return std::unexpected(std::move(identity).error());
  if (entry.identity == *identity) return {};
  auto context = tls::make_server_context(**identity, protocol);
  if (!context) return std::unexpected(std::move(context).error());
  entry = {std::move(*identity), std::move(*context)};
  return {};
}

Result<bssl::UniquePtr<SSL>> LeafContexts::session_for(const CaManager& ca, const std::string& host) {
  auto identity = ca.leaf(host);
  if (!identity) return std::unexpected(std::move(identity).error());
  if (entries_.size() >= kMaxContexts && !entries_.contains(host)) entries_.clear();
  Entry& entry = entries_[host];
  if (auto fresh = refresh(entry, std::move(identity), tls::Protocol::http1); !fresh) {
    return std::unexpected(std::move(fresh).error());
  }
  return tls::make_server_session(*entry.context, host);
}

Result<bssl::UniquePtr<SSL>> LeafContexts::session_for_listener(const CaManager& ca) {
  if (auto fresh = refresh(listener_, ca.loopback_leaf(), tls::Protocol::postgresql); !fresh) {
    return std::unexpected(std::move(fresh).error());
  }
  return tls::make_server_session(*listener_.context);
}

}  // namespace cordon::proxy
