// The text of tokens.toml:
//
//   [[tokens]]
//   name = "default"
//   value = "cdn_..."
//   created_at = 2026-01-02T03:04:05Z
//   routes = ["stripe"]                 # optional
//
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include <cordon/secret.hpp>
#include <cordon/token_set.hpp>

#include "base/wiped_buffer.hpp"

namespace cordon::tokens {

/// The most bytes that the file may have.
inline constexpr std::size_t kMaxTokenFile = std::size_t{64} * 1024;

/// A token as the file holds it.
struct StoredToken {
  TokenInfo info;
  Secret value;
};

/// The tokens of `text`, at least one, with names and values of which none is there twice. `path` is for messages, which quote
/// nothing of the text. No value gets into memory that is not wiped.
/// @returns config_invalid with every fault and its line
Result<std::vector<StoredToken>> parse_tokens(std::string_view text, const std::filesystem::path& path);

/// Appends the text that parse_tokens reads back as `tokens`.
void compose_tokens(std::span<const StoredToken> tokens, base::WipedBuffer& out);

/// Whether a token may be called so: 1 to 64 letters, digits, `.`, `_` and `-`, and nothing that looks like a value.
bool is_token_name(std::string_view name) noexcept;

/// Whether a route may be called so, as far as that matters here: 1 to 64 printable ASCII characters without `"` and `\`.
bool is_route_name(std::string_view name) noexcept;

}  // namespace cordon::tokens
