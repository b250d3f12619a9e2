#include "tokens/proxy_auth.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <openssl/base64.h>

#include "base/locked_memory.hpp"

namespace cordon::tokens {
namespace {

constexpr std::string_view kScheme = "basic";

/// What a credential says, overwritten when it ends.
class Decoded {
 public:
  Decoded() = default;
  Decoded(const Decoded&) = delete;
  Decoded& operator=(const Decoded&) = delete;
  ~Decoded() { base::wipe(bytes_.data(), bytes_.size()); }

  /// Whether `encoded` is base64, padding and all (RFC 4648, section 4).
  bool decode(std::string_view encoded) noexcept {
    const auto* const in = reinterpret_cast<const std::uint8_t*>(encoded.data());
    return EVP_DecodeBase64(bytes_.data(), &size_, bytes_.size(), in, encoded.size()) == 1;
  }

  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }

 private:
  std::array<std::uint8_t, kMaxCredential / 4 * 3> bytes_{};
  std::size_t size_ = 0;
};

/// What follows the scheme and its spaces; nothing when the scheme is another one.
std::optional<std::string_view> after_scheme(std::string_view field) noexcept {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
  const std::string_view scheme = field.substr(0, field.find(' '));
  if (!std::ranges::equal(scheme, kScheme, same) || scheme.size() == field.size()) return std::nullopt;
  return field.substr(std::min(field.find_first_not_of(' ', scheme.size()), field.size()));
}

bool has_control(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

Result<const TokenEntry*> authenticate(std::span<const std::string_view> fields, std::string_view audience,
                                       const TokenSet& tokens) {
  if (fields.empty()) return fail(Errc::token_required);
  if (fields.size() > 1 || fields.front().size() > kMaxCredential) return fail(Errc::token_malformed);
  const auto encoded = after_scheme(fields.front());
  Decoded decoded;
  if (!encoded || !decoded.decode(*encoded) || has_control(decoded.text())) return fail(Errc::token_malformed);
  const std::size_t colon = decoded.text().find(':');
  if (colon == std::string_view::npos || colon == 0) return fail(Errc::token_malformed);
  const TokenEntry* const entry = tokens.find(decoded.text().substr(colon + 1));
  if (entry == nullptr || decoded.text().substr(0, colon) != audience) return fail(Errc::token_invalid);
  return entry;
}

}  // namespace cordon::tokens
