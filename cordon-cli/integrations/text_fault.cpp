#include "integrations/text_fault.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::cli {

std::unexpected<Error> fail_at(std::string_view text, std::size_t at, std::string_view what) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return fail(Errc::config_invalid,
              fmt::format("line {}, column {}: {}", std::ranges::count(before, '\n') + 1, at - line_begin + 1, what));
}

}  // namespace cordon::cli
