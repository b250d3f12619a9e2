#include "postgres/random.hpp"

#include <array>
#include <cstdint>

#include <openssl/base64.h>
#include <openssl/rand.h>

namespace cordon::postgres {

void fill_random(base::MutableBytes out) noexcept {
  RAND_bytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size());  // BoringSSL aborts rather than fail
}

std::string make_scram_nonce() {
  std::array<std::byte, 18> random{};
  fill_random(random);
  std::array<std::uint8_t, 4 * random.size() / 3 + 1> text{};
  const std::size_t size =
      EVP_EncodeBlock(text.data(), reinterpret_cast<const std::uint8_t*>(random.data()), random.size());
  return {reinterpret_cast<const char*>(text.data()), size};
}

}  // namespace cordon::postgres
