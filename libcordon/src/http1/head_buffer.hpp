// Collects a head, or a trailer section, up to its empty line, whatever the pieces it arrives in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace cordon::http1 {

/// One contiguous head and the places of its line ends. Keeps its memory when cleared. What it held is overwritten when it grows,
/// is cleared or ends: clients send their tokens in heads.
class HeadBuffer {
 public:
  /// What is collected. A head begins with a start line, before which a few empty lines are skipped (RFC 9112,
  /// section 2.2); trailers may consist of the empty line alone.
  enum class Section : std::uint8_t { head, trailers };
  enum class Status : std::uint8_t {
    incomplete,         ///< All input is taken; the empty line is yet to come.
    complete,           ///< What follows the empty line is left in the input.
    bare_line_feed,     ///< A LF without CR: the classic way to make two parsers see two heads.
    too_many_newlines,  ///< More empty lines before the start line than any good client sends.
    too_large,          ///< kMaxHead bytes, and no end.
  };

  explicit HeadBuffer(Section section) : section_(section) {}
  HeadBuffer(const HeadBuffer&) = delete;
  HeadBuffer& operator=(const HeadBuffer&) = delete;
  ~HeadBuffer() { clear(); }

  /// Takes bytes from the front of `input` up to the end of the section.
  Status take(base::ConstBytes& input);

  void clear() noexcept;
  bool empty() const noexcept { return text_.empty(); }
  std::size_t capacity() const noexcept { return text_.capacity(); }

  Section section() const noexcept { return section_; }

  /// The bytes taken so far, without the empty lines before a start line.
  std::string_view text() const noexcept { return text_; }

  /// The number of whole lines, without the empty one at the end.
  std::size_t lines() const noexcept { return line_starts_.size() - 1; }
  /// A line without its CRLF.
  std::string_view line(std::size_t index) const noexcept {
    const std::string_view whole = whole_line(index);
    return whole.substr(0, whole.size() - 2);
  }
  /// A line with its CRLF.
  std::string_view whole_line(std::size_t index) const noexcept {
    return {text_.data() + line_starts_[index], line_starts_[index + 1] - line_starts_[index]};
  }

  /// Puts `replacement` in place of `count` bytes from offset `at` on, which lie within the first line.
  void replace_in_first_line(std::size_t at, std::size_t count, std::string_view replacement);

 private:
  bool skip_empty_lines(base::ConstBytes& input) noexcept;
  void make_room(std::size_t count);

  Section section_;
  std::uint8_t skipped_ = 0;
  std::string text_;
  std::vector<std::uint32_t> line_starts_{0};  ///< Offsets in text_; the last is where an unfinished line begins.
};

}  // namespace cordon::http1
