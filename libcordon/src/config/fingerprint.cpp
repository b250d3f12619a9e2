#include <array>
#include <cstdint>

#include <fmt/format.h>
#include <openssl/sha.h>
#include <cordon/fingerprint.hpp>

namespace cordon {

std::string fingerprint(std::string_view text) {
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace cordon
