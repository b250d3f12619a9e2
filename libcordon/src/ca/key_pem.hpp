// Private keys as PEM, without a copy of theirs outside secret memory besides BoringSSL's own, which it overwrites when
// freed.
#pragma once

#include <string_view>

#include <openssl/base.h>
#include <openssl/evp.h>

#include <cordon/error.hpp>

#include "base/wiped_buffer.hpp"

namespace cordon::ca {

/// `key` in PKCS #8 (RFC 7468, section 10).
Result<base::WipedBuffer> encode_key(const EVP_PKEY& key);

/// The first private key of `pem`: PKCS #8, or the older forms of EC and RSA keys.
/// @returns ca_invalid when there is none, it is encrypted, or it is broken; the context has no byte of it
Result<bssl::UniquePtr<EVP_PKEY>> decode_key(std::string_view pem);

}  // namespace cordon::ca
