// Config::parse on any text: no crash, and every fault can be shown and found. A text that is read gives a config that
// Config::validate takes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <cordon/config.hpp>

#include "config/text.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return !cordon::config::find_invalid_utf8(text) && std::ranges::none_of(text, control);
}

void check_fault(const cordon::ConfigFault& fault, std::string_view text) {
  check(!fault.message.empty() && is_printable(fault.message) && is_printable(fault.key));
  check(is_printable(fault.to_string()));
  const auto lines = std::ranges::count(text, '\n') + 1;
  check(fault.line <= lines && (fault.line == 0) == (fault.column == 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = cordon::Config::parse(text, "/folder/cordon.toml");
  if (loaded) {
    check(loaded->config.validate().empty() && loaded->config.listen != 0);
    for (const auto& warning : loaded->warnings)
      check_fault(warning, text);
  } else {
    check(!loaded.error().empty());
    for (const auto& fault : loaded.error())
      check_fault(fault, text);
  }
  return 0;
}
