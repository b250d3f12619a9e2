#include "config/text.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/unprintable.hpp"

namespace cordon::config {
namespace {

constexpr std::size_t kMaxShown = 120;
constexpr std::size_t kMaxCompared = 40;  // no key is longer, and a comparison costs the product of both lengths

std::string escape(std::string_view text, std::size_t max) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max) return out + "...";
    const base::Character c = base::first_character(text);
    if (!c.valid) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    } else if (!base::is_printable(c.value)) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c.value));
    } else {
      out += c.bytes;
    }
    text.remove_prefix(c.bytes.size());
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
    const base::Character c = base::first_character(text.substr(at));
    if (!c.valid) return at;
    at += c.bytes.size();
  }
  return std::nullopt;
}

std::string printable(std::string_view text) {
  return escape(text, kMaxShown);
}

std::string escaped(std::string_view text) {
  return escape(text, std::string::npos);
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
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
