#include "support/escapes.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace cordon::testing {

namespace {

int hex_digit(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  if (value == std::string_view::npos) throw std::runtime_error("\\x needs two hexadecimal digits");
  return static_cast<int>(value);
}

/// The inside of `(...)` at the front of `text`, which is taken off.
std::string_view take_group(std::string_view& text) {
  const std::size_t close = text.find(')');
  if (!text.starts_with('(') || close == std::string_view::npos) throw std::runtime_error("\\*N needs (text)");
  const std::string_view group = text.substr(1, close - 1);
  text.remove_prefix(close + 1);
  return group;
}

std::string unescape_one(std::string_view& text) {
  const char kind = text.empty() ? '\0' : text.front();
  text.remove_prefix(std::min<std::size_t>(1, text.size()));
  if (kind == 'r') return "\r";
  if (kind == 'n') return "\n";
  if (kind == 't') return "\t";
  if (kind == '0') return std::string(1, '\0');
  if (kind == '\\') return "\\";
  if (kind == 'x' && text.size() >= 2) {
    const char byte = static_cast<char>(hex_digit(text[0]) * 16 + hex_digit(text[1]));
    text.remove_prefix(2);
    return {byte};
  }
  if (kind != '*') throw std::runtime_error("unknown escape");
  std::size_t count = 0;
  text.remove_prefix(static_cast<std::size_t>(std::from_chars(text.begin(), text.end(), count).ptr - text.begin()));
  const std::string group = unescape(take_group(text));
  std::string repeated;
  while (count-- > 0)
    repeated += group;
  return repeated;
}

}  // namespace

std::string unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    plain += c == '\\' ? unescape_one(text) : std::string(1, c);
  }
  return plain;
}

std::string escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      escaped += "\\r";
    } else if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\t') {
      escaped += "\\t";
    } else if (c == '\\') {
      escaped += "\\\\";
    } else if (byte < 0x20 || byte >= 0x7f) {
      escaped += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace cordon::testing
