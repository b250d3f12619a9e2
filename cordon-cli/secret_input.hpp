// A secret from its owner's hand: typed without echo, or through standard input.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include <cordon/error.hpp>
#include <cordon/secret.hpp>

namespace cordon::cli {

/// Asks on the controlling terminal when standard input is a terminal, else reads standard input to its end. What comes is not
/// judged; of more than a secret may have, enough comes to see that it is too much.
///
/// While it asks, the terminal echoes nothing and takes lines of any length. A signal that ends or stops the process
/// does so with the terminal as it was; after a stop the question is asked again. The bytes go into locked memory that is
/// wiped, and nowhere else. One thread only.
/// @returns file_failed when there is no terminal to ask on, or reading fails
Result<Secret> read_secret(std::string_view question);

/// Why a question has no answer.
enum class NoAnswer : std::uint8_t {
  interrupted,  ///< Ctrl+C.
  ended,        ///< Ctrl+D on an empty line, or the terminal is gone.
};

/// One question of several (prompt.hpp asks the others): as read_secret on a terminal, but Ctrl+C is an answer and does not end the
/// process. An empty line is an empty secret.
std::expected<Secret, NoAnswer> ask_secret(std::string_view question);

}  // namespace cordon::cli
