// File: printable.hpp
//
// Text from elsewhere, made fit for a terminal. Names, paths and messages may hold what somebody else wrote, and some characters
// are commands to a terminal or make a line look like another one:
//
//   std::cerr << cordon::without_controls(error.message()) << '\n';
#pragma once

#include <string>
#include <string_view>

namespace cordon {

/// `text` with each byte of these written as \xNN: control characters (C0, DEL and C1), line and paragraph separators, characters
/// that turn the direction of text or show nothing, and what is not UTF-8. Line ends and tabs stay. Thread-safe.
std::string without_controls(std::string_view text);

}  // namespace cordon
