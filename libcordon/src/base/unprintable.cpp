#include "base/unprintable.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>
#include <cordon/printable.hpp>

namespace cordon {
namespace base {
namespace {

constexpr bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// How many bytes a character has that begins with `lead`; 0 when none does.
constexpr std::size_t sequence_size(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

struct Range {
  char32_t first, last;
};

constexpr std::array<Range, 8> kUnprintable = {{{0x00, 0x1F},
                                                {0x7F, 0x9F},
                                                {0xAD, 0xAD},
                                                {0x61C, 0x61C},
                                                {0x200B, 0x200F},
                                                {0x2028, 0x202E},
                                                {0x2060, 0x206F},
                                                {0xFEFF, 0xFEFF}}};

}  // namespace

Character first_character(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = sequence_size(lead);
  const Character invalid{text.substr(0, 1), 0, false};
  if (size == 0 || text.size() < size || !std::ranges::all_of(text.substr(1, size - 1), is_continuation))
    return invalid;
  if (size == 1) return {text.substr(0, 1), lead, true};
  auto value = static_cast<char32_t>(lead & (0xFFU >> (size + 1)));
  for (const char c : text.substr(1, size - 1))
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[size] || value > 0x10FFFF || surrogate) return invalid;
  return {text.substr(0, size), value, true};
}

bool is_printable(char32_t c) noexcept {
  return std::ranges::none_of(kUnprintable, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace base

std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const base::Character c = base::first_character(text);
    text.remove_prefix(c.bytes.size());
    if (c.valid && (base::is_printable(c.value) || c.value == U'\n' || c.value == U'\t')) {
      out += c.bytes;
      continue;
    }
    for (const char byte : c.bytes)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

}  // namespace cordon
