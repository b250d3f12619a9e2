// decode_go_keyring: what has no prefix is left alone, nothing grows, and bytes written as hexadecimal digits come back.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "secrets/go_keyring.hpp"

namespace {

using cordon::secrets::decode_go_keyring;

constexpr std::string_view kHex = "go-keyring-encoded:";
constexpr std::string_view kBase64 = "go-keyring-base64:";

void check(bool holds) {
  if (!holds) std::abort();
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out(kHex);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4U];
    out += kDigits[static_cast<unsigned char>(c) & 0xFU];
  }
  return out;
}

void require_decoding(std::string_view stored) {
  const auto value = decode_go_keyring(stored);
  const bool has_prefix = stored.contains(kHex) || stored.contains(kBase64);
  if (!has_prefix) check(value && value->reveal() == stored);
  if (value) check(value->size() <= stored.size());
  const auto again = decode_go_keyring(hex_of(stored));
  check(again && again->reveal() == stored);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  require_decoding({reinterpret_cast<const char*>(data), size});
  return 0;
}
