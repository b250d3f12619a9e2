// The lines of a head taken apart, with the checks that need no knowledge of what a field means (RFC 9112, sections 3
// to 5).
#pragma once

#include <string_view>

#include "http1/message.hpp"

namespace cordon::http1 {

// A head is first counted as a whole: when it holds no control characters besides its line ends, which is nearly always
// so, no line need be searched for them.
enum class Controls : std::uint8_t { none, perhaps };

/// Null when all is well, else what is wrong, in words for the log. Never quotes the input.
using Fault = const char*;

/// `method SP target SP HTTP/1.x`. Sets method, target (as sent) and version of `head`. The target may hold bytes >=
/// 0x80, which RFC 3986 wants percent-encoded and some clients send raw.
Fault parse_request_line(std::string_view line, Controls controls, RequestHead& head) noexcept;

/// `HTTP/1.x SP status [SP reason]`. Sets status, reason and version of `head`.
Fault parse_status_line(std::string_view line, Controls controls, ResponseHead& head) noexcept;

/// `name: value`, white space around the value taken off. `line` ends with its CRLF.
Fault parse_field_line(std::string_view line, Controls controls, Field& field) noexcept;

}  // namespace cordon::http1
