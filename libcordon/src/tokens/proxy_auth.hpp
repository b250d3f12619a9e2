// Judges what a client shows as its token.
#pragma once

#include <span>
#include <string_view>

#include <cordon/error.hpp>
#include <cordon/token_set.hpp>

namespace cordon::tokens {

/// The longest credential that is looked at, as it stands in the field.
inline constexpr std::size_t kMaxCredential = 1024;

/// The token that a request shows. `fields` are the values of all its Proxy-Authorization fields; the one that there may be is
/// `Basic` (in any case) and the base64 of `<audience>:<token>` (RFC 7617). The entry lives as long as `tokens`. Allocates
/// nothing and leaves no copy behind.
/// @returns token_required (no field), token_malformed (more than one, another scheme, not base64, no colon, an empty user, a
/// control character, over-long), token_invalid (an unknown token, or another instance's)
Result<const TokenEntry*> authenticate(std::span<const std::string_view> fields, std::string_view audience,
                                       const TokenSet& tokens);

}  // namespace cordon::tokens
