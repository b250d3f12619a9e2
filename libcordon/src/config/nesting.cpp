#include <algorithm>

#include "base/toml_nesting.hpp"
#include "config/document.hpp"

namespace cordon::config {

Place find_deep_nesting(std::string_view text) noexcept {
  const auto offset = base::find_deep_toml(text);
  return offset ? place_of(text, *offset) : Place{};
}

Place place_of(std::string_view text, std::size_t offset) noexcept {
  const std::string_view before = text.substr(0, offset);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto begins_code_point = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto column = std::ranges::count_if(before.substr(line_begin), begins_code_point) + 1;
  return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(column)};
}

}  // namespace cordon::config
