#include "secrets/go_keyring.hpp"

#include <array>
#include <cstddef>

#include "base/wiped_buffer.hpp"

namespace cordon::secrets {
namespace {

constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<Secret> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  base::WipedBuffer out;
  out.reserve(text.size());
  std::size_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = kBase64Alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = (held << 6U | static_cast<unsigned>(digit)) & 0xFFFU;  // never more than one byte and a digit
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.append(static_cast<char>(held >> bits & 0xFFU));
  }
  return Secret(out.view());
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<Secret> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  base::WipedBuffer out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.append(static_cast<char>(high << 4 | low));
  }
  return Secret(out.view());
}

struct Form {
  std::string_view prefix;
  std::optional<Secret> (*decode)(std::string_view text);
};

constexpr std::array<Form, 2> kForms = {{{"go-keyring-base64:", decode_base64}, {"go-keyring-encoded:", decode_hex}}};

}  // namespace

std::optional<Secret> decode_go_keyring(std::string_view stored) {
  const std::string_view text = trimmed(stored);
  for (const Form& form : kForms) {
    if (text.starts_with(form.prefix)) return form.decode(text.substr(form.prefix.size()));
  }
  return Secret(stored);
}

}  // namespace cordon::secrets
