// Takes one string out of a JSON text without leaving copies of it: for what helper programs print.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include <cordon/secret.hpp>

namespace cordon::secrets {

/// Why there is no string to take.
enum class JsonFault : std::uint8_t {
  malformed,     ///< No JSON text (RFC 8259), nested too deeply, or a member is there twice.
  no_object,     ///< JSON, but not an object.
  array,         ///< An array in place of the object.
  no_member,     ///< The object has no such member.
  not_a_string,  ///< The member is there and is no string.
};

/// The value of the member `name` of the object that `text` is, unescaped. All of `text` must be well-formed, up to its
/// last byte; members of objects further in do not count. The value is unescaped in secret memory, nothing else is
/// copied, and no part of `text` is ever in an error: a general parser leaves pieces behind in freed memory and quotes
/// what it read.
std::expected<Secret, JsonFault> take_json_string(std::string_view text, std::string_view name);

}  // namespace cordon::secrets
