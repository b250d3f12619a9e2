// Base64 (RFC 4648, section 4) written straight to where it is needed: what is encoded may be a secret.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace cordon::http1 {

/// The length of `size` bytes in base64, padding included.
constexpr std::size_t base64_size(std::size_t size) noexcept {
  return (size + 2) / 3 * 4;
}

/// Writes the base64 of `parts`, joined, to `out`, which has room for it. @returns where it stopped
char* write_base64(std::initializer_list<std::string_view> parts, char* out) noexcept;

}  // namespace cordon::http1
