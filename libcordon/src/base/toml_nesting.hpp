// A look at a TOML text before a library parses it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cordon::base {

/// How many parts a key may have, and how many levels a value.
inline constexpr int kMaxTomlDepth = 16;

/// The offset of the first dot or bracket that passes the bound, if there is one. The TOML library builds and frees nested
/// tables recursively, so that a line of `a.a.a.a...` would end the process by exhausting its stack. This needs no stack. Looks
/// at brackets and dots outside strings and comments only.
std::optional<std::size_t> find_deep_toml(std::string_view text) noexcept;

/// The length of the string literal, of any of TOML's four kinds, that `text` begins with, quotes included; all of `text` when it is
/// not closed. `text` begins with a quote.
std::size_t toml_string_size(std::string_view text) noexcept;

}  // namespace cordon::base
