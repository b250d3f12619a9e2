// What the CA's certificate and its leaves have in common when they are made.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <openssl/base.h>
#include <openssl/x509.h>

#include <cordon/error.hpp>

namespace cordon::ca {

using TimePoint = std::chrono::system_clock::time_point;

/// Certificates start this long before they are made, for clients whose clock is late.
inline constexpr std::chrono::hours kBackdating{1};

/// X.520's bound of a common name and an organisation, in characters.
inline constexpr std::size_t kLongestName = 64;

/// A new P-256 key.
Result<bssl::UniquePtr<EVP_PKEY>> make_key();

/// A version 3 certificate for the public half of `key`, with a random positive serial of 128 bits, without names,
/// extensions and signature.
Result<bssl::UniquePtr<X509>> begin_certificate(EVP_PKEY& key, TimePoint not_before, TimePoint not_after);

/// Adds one text to a name, as UTF-8. @returns false when memory is short or `text` breaks X.520's bounds
bool add_name(X509_NAME& name, int nid, std::string_view text);

/// An extension from OpenSSL's notation, for constants only: nothing from outside may stand in `notation`. Null on
/// failure.
bssl::UniquePtr<X509_EXTENSION> make_extension(int nid, const char* notation);

/// The subject key identifier of `key`: 160 bits of SHA-256 over the public key (RFC 7093, section 2, method 1).
bssl::UniquePtr<X509_EXTENSION> make_key_identifier(EVP_PKEY& key);

/// @returns false when the signature cannot be made
bool sign_certificate(X509& certificate, EVP_PKEY& key);

/// internal, with what was being done and BoringSSL's words.
std::unexpected<Error> crypto_failure(std::string_view what);

/// The certificate as PEM; empty when memory is short.
std::string to_pem(const X509& certificate);

}  // namespace cordon::ca
