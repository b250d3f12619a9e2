// Views of bytes as text and back, without a cast at every call.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace cordon::base {

using ConstBytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline std::string_view as_text(ConstBytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline ConstBytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace cordon::base
