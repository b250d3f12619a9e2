// File: fingerprint.hpp
//
// A short name for a text, by which to see later whether a file is still what it was.
#pragma once

#include <string>
#include <string_view>

namespace cordon {

/// The SHA-256 of `text` in 64 lower-case hexadecimal digits. Any thread.
std::string fingerprint(std::string_view text);

}  // namespace cordon
