#include "secrets/json_value.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/wiped_buffer.hpp"

namespace cordon::secrets {
namespace {

constexpr int kMaxDepth = 32;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<char32_t> hex_digit(char c) {
  if (is_digit(c)) return static_cast<char32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<char32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<char32_t>(c - 'A' + 10);
  return std::nullopt;
}

bool is_low_surrogate(char32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

/// Takes \uXXXX off the front of `rest`.
std::optional<char32_t> take_unit(std::string_view& rest) {
  if (rest.size() < 6 || !rest.starts_with("\\u")) return std::nullopt;
  char32_t unit = 0;
  for (const char c : rest.substr(2, 4)) {
    const auto digit = hex_digit(c);
    if (!digit) return std::nullopt;
    unit = unit * 16 + *digit;
  }
  rest.remove_prefix(6);
  return unit;
}

/// Takes one escaped character off the front of `rest`; a pair of surrogates is one, half a pair is none.
std::optional<char32_t> take_escape(std::string_view& rest) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
  const auto simple = rest.size() < 2 ? std::string_view::npos : kNames.find(rest[1]);
  if (simple != std::string_view::npos) {
    rest.remove_prefix(2);
    return static_cast<char32_t>(kMeanings[simple]);
  }
  const auto first = take_unit(rest);
  if (!first || *first < 0xD800 || *first >= 0xE000) return first;
  if (is_low_surrogate(*first)) return std::nullopt;
  const auto second = take_unit(rest);
  if (!second || !is_low_surrogate(*second)) return std::nullopt;
  return 0x10000 + ((*first - 0xD800) << 10U) + (*second - 0xDC00);
}

void append_utf8(char32_t c, base::WipedBuffer& out) {
  const auto append = [&out](char32_t byte) { out.append(static_cast<char>(static_cast<unsigned char>(byte))); };
  const unsigned continuations = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr char32_t kLead[] = {0x00, 0xC0, 0xE0, 0xF0};
  append(kLead[continuations] | (c >> (6 * continuations)));
  for (unsigned left = continuations; left > 0; --left)
    append(0x80U | ((c >> (6 * (left - 1))) & 0x3FU));
}

/// `raw` holds valid escapes only.
Secret unescaped(std::string_view raw) {
  base::WipedBuffer out;
  out.reserve(raw.size());  // it never gets longer, so it is not moved about
  while (!raw.empty()) {
    const std::string_view plain = raw.substr(0, raw.find('\\'));
    out.append(plain);
    raw.remove_prefix(plain.size());
    if (const auto c = take_escape(raw)) append_utf8(*c, out);
  }
  return Secret(out.view());
}

/// Reads a JSON text from its first byte to its last. What a function names it takes off the front, or gives false.
class Reader {
 public:
  Reader(std::string_view text, std::string_view wanted) : rest_(text), wanted_(wanted) {}

  std::expected<Secret, JsonFault> run() {
    skip_space();
    const char kind = rest_.empty() ? '\0' : rest_.front();
    if (!value(0) || !rest_.empty()) return std::unexpected(JsonFault::malformed);
    if (kind == '[') return std::unexpected(JsonFault::array);
    if (kind != '{') return std::unexpected(JsonFault::no_object);
    if (!is_there_) return std::unexpected(JsonFault::no_member);
    if (!text_) return std::unexpected(JsonFault::not_a_string);
    return unescaped(*text_);
  }

 private:
  /// With the white space after it.
  bool value(int depth) {
    const bool taken = depth <= kMaxDepth && !rest_.empty() && bare_value(depth);
    skip_space();
    return taken;
  }

  bool bare_value(int depth) {
    switch (rest_.front()) {
      case '{':
        return list('{', '}', [&] { return member(depth); });
      case '[':
        return list('[', ']', [&] { return value(depth + 1); });
      case '"':
        return string().has_value();
      default:
        return take("true") || take("false") || take("null") || number();
    }
  }

  template <class Element>
  bool list(char begin, char end, Element element) {
    take(begin);
    skip_space();
    if (take(end)) return true;
    do {
      skip_space();
      if (!element()) return false;
    } while (take(','));
    return take(end);
  }

  bool member(int depth) {
    const auto key = string();
    skip_space();
    if (!key || !take(':')) return false;
    skip_space();
    if (depth > 0 || !is_wanted(*key)) return value(depth + 1);
    if (is_there_) return false;
    is_there_ = true;
    if (!rest_.starts_with('"')) return value(depth + 1);
    text_ = string();
    skip_space();
    return text_.has_value();
  }

  bool is_wanted(std::string_view key) const {
    return key == wanted_ || (key.contains('\\') && unescaped(key).reveal() == wanted_);
  }

  /// What stands between the quotes.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    const std::string_view from = rest_;
    for (;;) {
      const auto stop = std::ranges::find_if(
          rest_, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
      rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.begin()));
      if (rest_.starts_with('"')) break;
      if (!rest_.starts_with('\\') || !take_escape(rest_)) return std::nullopt;
    }
    const std::string_view raw = from.substr(0, from.size() - rest_.size());
    take('"');
    return raw;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  bool digits() {
    const auto end = std::ranges::find_if_not(rest_, is_digit);
    const auto count = static_cast<std::size_t>(end - rest_.begin());
    rest_.remove_prefix(count);
    return count > 0;
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\r"), rest_.size())); }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view rest_, wanted_;
  bool is_there_ = false;
  std::optional<std::string_view> text_;
};

}  // namespace

std::expected<Secret, JsonFault> take_json_string(std::string_view text, std::string_view name) {
  return Reader(text, name).run();
}

}  // namespace cordon::secrets
