#include "http1/base64.hpp"

#include <cstdint>

namespace cordon::http1 {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char* write_group(std::uint32_t group, int characters, char* out) noexcept {
  for (int i = 0; i < 4; ++i) {
    *out++ = i < characters ? kAlphabet[(group >> (18 - 6 * i)) & 63] : '=';
  }
  return out;
}

}  // namespace

char* write_base64(std::initializer_list<std::string_view> parts, char* out) noexcept {
  std::uint32_t group = 0;
  int bytes = 0;
  for (const std::string_view part : parts) {
    for (const char c : part) {
      group |= std::uint32_t{static_cast<unsigned char>(c)} << (16 - 8 * bytes);
      if (++bytes < 3) continue;
      out = write_group(group, 4, out);
      group = 0;
      bytes = 0;
    }
  }
  return bytes == 0 ? out : write_group(group, bytes + 1, out);
}

}  // namespace cordon::http1
