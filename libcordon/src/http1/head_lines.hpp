// The lines of a head taken apart, with the checks that need no knowledge of what a field means (RFC 9112, sections 3
// to 5).
#pragma once

#include <string_view>

#include "http1/message.hpp"

namespace cordon::http1 {

/// Null when all is well, else what is wrong, in words for the log. Never quotes the input.
using Fault = const char*;

/// `method SP target SP HTTP/1.x`. Sets method, target (as sent) and version of `head`.
Fault parse_request_line(std::string_view line, RequestHead& head) noexcept;

/// `HTTP/1.x SP status [SP reason]`. Sets status, reason and version of `head`.
Fault parse_status_line(std::string_view line, ResponseHead& head) noexcept;

/// `name: value`, white space around the value taken off. Control characters in the value are llhttp's to refuse.
Fault parse_field_line(std::string_view line, Field& field) noexcept;

/// Whether `target` has bytes that RFC 3986 wants percent-encoded and some clients send raw.
bool has_high_bytes(std::string_view target) noexcept;

}  // namespace cordon::http1
