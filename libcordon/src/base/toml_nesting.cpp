#include "base/toml_nesting.hpp"

#include <algorithm>

namespace cordon::base {
namespace {

constexpr std::string_view kKeyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-. \t\"'";

/// The length of what must be taken in one step: a string, a comment, or one character.
std::size_t step_size(std::string_view text) noexcept {
  if (text.front() == '"' || text.front() == '\'') return toml_string_size(text);
  if (text.front() == '#') return std::min(text.find('\n'), text.size());
  return 1;
}

class DepthCounter {
 public:
  /// Takes the next character outside strings and comments; whether the depth is still fine.
  bool take(char c) noexcept {
    if (kKeyCharacters.contains(c)) {
      if (c == '.') ++dots_;
    } else {
      dots_ = 0;
    }
    if (c == '[' || c == '{') ++brackets_;
    if (c == ']' || c == '}') --brackets_;
    return dots_ < kMaxTomlDepth && brackets_ <= kMaxTomlDepth;
  }

 private:
  int dots_ = 0, brackets_ = 0;
};

}  // namespace

std::size_t toml_string_size(std::string_view text) noexcept {
  const char quote = text.front();
  const bool triple = text.size() >= 3 && text[1] == quote && text[2] == quote;
  const std::string_view closing = text.substr(0, triple ? 3 : 1);
  std::size_t at = closing.size();
  while (at < text.size() && !text.substr(at).starts_with(closing))
    at += quote == '"' && text[at] == '\\' ? 2 : 1;
  at = std::min(at + closing.size(), text.size());
  while (triple && at < text.size() && text[at] == quote)
    ++at;  // `""""` ends with a quote that belongs to the value
  return at;
}

std::optional<std::size_t> find_deep_toml(std::string_view text) noexcept {
  DepthCounter counter;
  for (std::size_t at = 0; at < text.size();) {
    if (!counter.take(text[at])) return at;
    at += step_size(text.substr(at));
  }
  return std::nullopt;
}

}  // namespace cordon::base
