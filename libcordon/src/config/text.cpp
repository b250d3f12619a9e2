#include "config/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace cordon::config {
namespace {

constexpr std::size_t kMaxShown = 120;
constexpr std::size_t kMaxCompared = 40;  // no key is longer, and a comparison costs the product of both lengths

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;  ///< In bytes; 0: not well-formed.
};

constexpr bool is_continuation(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// How many bytes a code point has that begins with `lead`; 0 when none does.
constexpr std::size_t sequence_size(unsigned char lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

CodePoint decode(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = sequence_size(lead);
  if (size <= 1) return {lead, size};
  if (text.size() < size || !std::ranges::all_of(text.substr(1, size - 1), is_continuation)) return {};
  auto value = static_cast<char32_t>(lead & (0xFFU >> (size + 1)));
  for (const char c : text.substr(1, size - 1))
    value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return value < kSmallest[size] || value > 0x10FFFF || surrogate ? CodePoint{} : CodePoint{value, size};
}

struct Range {
  char32_t first, last;
};

/// Control characters, line separators, and what turns or hides text (the Trojan Source characters).
constexpr std::array<Range, 8> kUnprintable = {{{0x00, 0x1F},
                                                {0x7F, 0x9F},
                                                {0xAD, 0xAD},
                                                {0x61C, 0x61C},
                                                {0x200B, 0x200F},
                                                {0x2028, 0x202E},
                                                {0x2060, 0x206F},
                                                {0xFEFF, 0xFEFF}}};

bool is_printable(char32_t c) noexcept {
  return std::ranges::none_of(kUnprintable, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

std::string escape(std::string_view text, std::size_t max) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max) return out + "...";
    const CodePoint c = decode(text);
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    if (c.size == 0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (!is_printable(c.value)) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c.value));
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

/// Lower case, and `_` for `-`: what people mix up without meaning another word.
std::string fold(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '-') c = '_';
  }
  return out;
}

/// Levenshtein's distance: how many insertions, deletions and replacements make `b` of `a`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, replaced}));
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = decode(text.substr(at)).size;
    if (size == 0) return at;
    at += size;
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  return escape(text, kMaxShown);
}

std::string escaped(std::string_view text) {
  return escape(text, std::string::npos);
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > kMaxCompared) return {};
  const std::string folded = fold(word);
  std::string_view best;
  std::size_t best_distance = (word.size() + 2) / 3 + 1;  // farther is a different word
  for (const std::string_view candidate : known) {
    const std::size_t d = distance(folded, fold(candidate));
    if (d < best_distance) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

std::string list_words(std::span<const std::string_view> words) {
  return words.empty() ? std::string() : fmt::format("`{}`", fmt::join(words, "`, `"));
}

}  // namespace cordon::config
