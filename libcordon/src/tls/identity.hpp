// A certificate with its key, ready to be shown in a handshake.
#pragma once

#include <chrono>

#include <openssl/base.h>
#include <openssl/x509.h>

namespace cordon::tls {

/// The end of `certificate`'s validity, or the epoch when it cannot be read, so that such a certificate counts as
/// ended.
std::chrono::system_clock::time_point not_after(const X509& certificate) noexcept;

/// The beginning of it; the epoch likewise.
std::chrono::system_clock::time_point not_before(const X509& certificate) noexcept;

/// Immutable after construction; shared between threads.
class Identity {
 public:
  /// Both must be set and belong together: make_server_context refuses a pair that does not match.
  Identity(bssl::UniquePtr<X509> certificate, bssl::UniquePtr<EVP_PKEY> key);

  X509* certificate() const noexcept { return certificate_.get(); }
  EVP_PKEY* key() const noexcept { return key_.get(); }
  std::chrono::system_clock::time_point not_after() const noexcept { return not_after_; }

 private:
  bssl::UniquePtr<X509> certificate_;
  bssl::UniquePtr<EVP_PKEY> key_;
  std::chrono::system_clock::time_point not_after_;
};

}  // namespace cordon::tls
