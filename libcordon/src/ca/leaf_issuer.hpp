// Makes the certificates that intercepted connections show.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <openssl/base.h>
#include <openssl/x509.h>

#include <cordon/error.hpp>

#include "ca/certificate.hpp"
#include "tls/identity.hpp"

namespace cordon::ca {

inline constexpr std::chrono::days kLeafLifetime{7};

/// Signs leaves with one CA. All leaves of an issuer share one key, made with it and never written anywhere: whoever
/// could read one from memory could read them all. Const calls may come from any thread.
class LeafIssuer {
 public:
  /// `root` must outlive the issuer. @returns internal when memory is short
  static Result<LeafIssuer> create(const tls::Identity& root);

  /// A certificate for exactly `hosts` (canonical names or IP literals; the first is its subject): a week, from one hour before `now`, and never
  /// beyond the CA's own end. About 0.1 ms.
  /// @returns bad_request when one of them cannot stand in a certificate, ca_invalid when the CA has ended
  Result<std::shared_ptr<const tls::Identity>> issue(std::span<const std::string_view> hosts, TimePoint now) const;

 private:
  LeafIssuer() = default;

  const tls::Identity* root_ = nullptr;
  bssl::UniquePtr<EVP_PKEY> key_;
  std::vector<bssl::UniquePtr<X509_EXTENSION>> extensions_;  ///< Those that are the same in every leaf.
};

}  // namespace cordon::ca
