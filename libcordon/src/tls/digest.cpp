#include "tls/digest.hpp"

#include <array>

#include <openssl/base64.h>
#include <openssl/sha.h>

namespace cordon::tls {

std::string sha1_base64(std::string_view text) {
  std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data());
  std::array<std::uint8_t, 29> encoded;  // 28 characters and a NUL
  const std::size_t length = EVP_EncodeBlock(encoded.data(), digest.data(), digest.size());
  return {reinterpret_cast<const char*>(encoded.data()), length};
}

}  // namespace cordon::tls
