// Character classes and list syntax of RFC 9110, section 5.6.
#pragma once

#include <array>
#include <string_view>

namespace cordon::http1 {

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_alpha(char c) noexcept {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

/// Optional white space (OWS) within a field line.
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

/// A control character that no field value and no reason phrase may hold; the tab may stand in both.
constexpr bool is_control(char c) noexcept {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

namespace detail {

constexpr std::array<bool, 256> make_token_table() noexcept {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 128; ++c)
    table[c] = is_digit(static_cast<char>(c)) || is_alpha(static_cast<char>(c));
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}

inline constexpr std::array<bool, 256> kTokenTable = make_token_table();

}  // namespace detail

/// A character of a token (RFC 9110, section 5.6.2): methods and field names are made of these.
constexpr bool is_token(char c) noexcept {
  return detail::kTokenTable[static_cast<unsigned char>(c)];
}

constexpr std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// Takes the first item off a comma-separated list. Items may be empty.
constexpr std::string_view next_list_item(std::string_view& list) noexcept {
  const std::size_t comma = list.find(',');
  const std::string_view item = list.substr(0, comma);
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return trim_blanks(item);
}

}  // namespace cordon::http1
