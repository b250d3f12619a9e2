// TLS sessions of origins, kept so that the next connection can resume one.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <openssl/ssl.h>

namespace cordon::net {

/// One a worker. A key names everything that must be equal for a session to be used again, the verified name included; besides,
/// only connections of the same SSL_CTX use it: no certificate is verified when a session is resumed, so it must have been
/// against the same roots.
class TlsSessions {
 public:
  static constexpr std::size_t kMaxPerKey = 8;
  static constexpr std::size_t kMaxKeys = 1024;

  TlsSessions() = default;
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;

  /// Makes connections of `context` hand over the sessions that origins send. Once, before it is used.
  static void enable(SSL_CTX& context);

  /// Before the handshake of `ssl`: offers a session kept under `key`, and keeps those that arrive. This object must
  /// outlive the connection.
  void begin(SSL& ssl, std::string_view key);

  void clear() noexcept { sessions_.clear(); }

 private:
  struct Keeper;
  static int ex_index();
  static int on_new_session(SSL* ssl, SSL_SESSION* session);

  struct Kept {
    bssl::UniquePtr<SSL_CTX> verifier;  // held, so that no other takes its address
    bssl::UniquePtr<SSL_SESSION> session;
  };
  std::unordered_map<std::string, std::vector<Kept>> sessions_;
};

}  // namespace cordon::net
