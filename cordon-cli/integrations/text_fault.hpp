// A fault in a text that somebody else wrote.
#pragma once

#include <cstddef>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon::cli {

/// config_invalid, with the line and column of the byte `at` of `text`, both from 1, and `what` is wrong there. No word of the text.
std::unexpected<Error> fail_at(std::string_view text, std::size_t at, std::string_view what);

}  // namespace cordon::cli
