// A token's value: 32 random bytes as text.
#pragma once

#include <cstddef>
#include <string_view>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>
#include <cordon/token_set.hpp>

namespace cordon::tokens {

inline constexpr std::string_view kTokenPrefix = "cdn_";
/// 32 bytes in base64url (RFC 4648, section 5) without padding.
inline constexpr std::size_t kTokenRandomSize = 43;
inline constexpr std::size_t kTokenSize = kTokenPrefix.size() + kTokenRandomSize;

/// The characters of base64url.
inline constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A new value, from the system's random generator. @returns internal when that fails
Result<Secret> make_token();

/// Whether `text` has the form of a value.
bool is_token(std::string_view text) noexcept;

TokenDigest digest_of(std::string_view value) noexcept;

}  // namespace cordon::tokens
