#include "net/tls_sessions.hpp"

#include <memory>

namespace cordon::net {

/// Attached to a connection: where its sessions go.
struct TlsSessions::Keeper {
  TlsSessions& sessions;
  std::string key;
};

int TlsSessions::ex_index() {
  // An index is a registration with the library, made once for the process.
  static const int index = SSL_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* keeper, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Keeper*>(keeper); });
  return index;
}

void TlsSessions::enable(SSL_CTX& context) {
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, on_new_session);
}

int TlsSessions::on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* keeper = static_cast<Keeper*>(SSL_get_ex_data(ssl, ex_index()));
  if (keeper == nullptr) return 0;
  auto& all = keeper->sessions.sessions_;
  if (all.size() >= kMaxKeys && !all.contains(keeper->key)) all.clear();
  auto& kept = all[keeper->key];
  if (kept.size() >= kMaxPerKey) kept.erase(kept.begin());
  kept.push_back({bssl::UpRef(SSL_get_SSL_CTX(ssl)), bssl::UniquePtr<SSL_SESSION>(session)});
  return 1;  // ours now
}

void TlsSessions::begin(SSL& ssl, std::string_view key) {
  auto keeper = std::make_unique<Keeper>(*this, std::string(key));
  if (const auto found = sessions_.find(keeper->key); found != sessions_.end()) {
    auto& kept = found->second;
    std::erase_if(kept, [&ssl](const Kept& each) { return each.verifier.get() != SSL_get_SSL_CTX(&ssl); });
    if (!kept.empty()) {
      // Used once: a ticket shown twice would link the connections (RFC 8446, appendix C.4).
      SSL_set_session(&ssl, kept.back().session.get());
      kept.pop_back();
    }
  }
  if (SSL_set_ex_data(&ssl, ex_index(), keeper.get()) == 1) keeper.release();
}

}  // namespace cordon::net
