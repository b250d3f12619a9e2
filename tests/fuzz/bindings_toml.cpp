// parse_bindings on any text: no crash; a fault names a line of the text; what is read is composed to a text that reads as the
// same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/binding_file.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

void check_fault(const cordon::Error& error, std::string_view text) {
  check(error.code == cordon::Errc::config_invalid && error.context.starts_with("/f:"));
  check(std::ranges::none_of(error.context, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  const auto line = std::atol(error.context.c_str() + 3);
  check(line >= 1 && line <= std::ranges::count(text, '\n') + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = cordon::config::parse_bindings(text, "/f");
  if (!parsed) {
    check_fault(parsed.error(), text);
    return 0;
  }
  check(parsed->exists);
  const auto again = cordon::config::parse_bindings(cordon::config::compose_bindings(parsed->entries), "/f");
  check(again && again->entries == parsed->entries);
  return 0;
}
