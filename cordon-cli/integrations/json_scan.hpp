// Where everything stands in a JSON or JSON5 text (json5.org), so that it can be edited without touching the rest. Comments,
// trailing commas, bare keys, single quotes and JSON5's numbers are read; nothing is lost, because nothing is kept but places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

namespace cordon::cli::json_text {

struct Member;

/// A value and where it stands.
struct Node {
  enum class Kind : std::uint8_t { object, array, string, scalar };
  Kind kind = Kind::scalar;
  std::size_t begin = 0;
  std::size_t end = 0;           ///< One past its last byte.
  std::string string = {};       ///< Of a string: what it stands for.
  std::vector<Member> members;   ///< Of an object, in the text's order; a key may repeat.
  std::vector<Node> elements{};  ///< Of an array.
};

struct Member {
  std::string key;
  std::size_t begin = 0;  ///< Where its key begins.
  Node value;
};

/// The text's value. @returns config_invalid, with line and column and no word of the text
Result<Node> scan(std::string_view text);

/// The first place from `at` on that is neither blank nor in a comment, at most `end`.
std::size_t skip_blanks(std::string_view text, std::size_t at, std::size_t end);

}  // namespace cordon::cli::json_text
