#include "tokens/token_value.hpp"

#include <algorithm>
#include <array>

#include <openssl/base64.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/locked_memory.hpp"

namespace cordon::tokens {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kEncodedSize = 45;  // 44 characters, padding among them, and a NUL

/// Overwritten when it ends.
struct Scratch {
  std::array<std::uint8_t, kRandomBytes> random{};
  std::array<char, kTokenPrefix.size() + kEncodedSize> text{};

  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    base::wipe(random.data(), random.size());
    base::wipe(text.data(), text.size());
  }
};

}  // namespace

Result<Secret> make_token() {
  Scratch scratch;
  if (RAND_bytes(scratch.random.data(), scratch.random.size()) != 1) {
    return fail(Errc::internal, "the system gives no random bytes");
  }
  const auto text = std::ranges::copy(kTokenPrefix, scratch.text.begin()).out;
  EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(text), scratch.random.data(), scratch.random.size());
  std::ranges::replace(scratch.text, '+', '-');
  std::ranges::replace(scratch.text, '/', '_');
  return Secret(std::string_view(scratch.text.data(), kTokenSize));
}

bool is_token(std::string_view text) noexcept {
  return text.size() == kTokenSize && text.starts_with(kTokenPrefix) &&
         text.find_first_not_of(kBase64Url) == std::string_view::npos;
}

TokenDigest digest_of(std::string_view value) noexcept {
  TokenDigest digest;
  SHA256(reinterpret_cast<const std::uint8_t*>(value.data()), value.size(), digest.data());
  return digest;
}

}  // namespace cordon::tokens
