// The rule that every secret's value passes, and a reference in words.
#pragma once

#include <cstddef>
#include <string>

#include <cordon/config.hpp>
#include <cordon/error.hpp>
#include <cordon/secret.hpp>

namespace cordon::secrets {

constexpr std::size_t kMaxSecret = 64 * 1024;

/// Whose fault a value is that will not do: its store's, or whoever gave it to be stored.
enum class Direction : bool { fetched, given };

/// `value` without one trailing newline (LF or CR LF). The value is never part of an error.
/// @returns secret_invalid when it is empty, over 64 KiB or holds CR, LF or NUL
Result<Secret> accept_value(Secret value, const SecretRef& ref, Direction direction = Direction::fetched);

/// Where the secret lies, to begin a sentence with: `the file /run/secrets/x`. Holds nothing secret: of a command only
/// the program's name.
std::string place_of(const SecretRef& ref);

}  // namespace cordon::secrets
