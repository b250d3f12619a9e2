// Looks at text many bytes at a time. Every request's every byte passes through here, which is why it is not written
// plainly; byte_scan_test.cpp holds each function against the plain way.
#pragma once

#include <cstddef>
#include <string_view>

namespace cordon::http1 {

/// What a text holds besides the characters that may stand in it without a thought.
struct ByteCounts {
  std::size_t controls = 0;  ///< How many bytes below 0x20 (tab, CR and LF among them) and 0x7f.
  bool high = false;         ///< Whether there are bytes of 0x80 and above.
};
ByteCounts count_bytes(std::string_view text) noexcept;

/// Whether two ASCII texts of the same length are the same but for the case of letters.
bool equal_letters(std::string_view a, std::string_view b) noexcept;

}  // namespace cordon::http1
