// What the fields of a head say about body and connection (RFC 9112, sections 6 and 9). Whatever two programs could
// read differently is refused: see H3 and H4 of the catalogue in docs.
#pragma once

#include <string_view>

#include "http1/head_lines.hpp"
#include "http1/message.hpp"

namespace cordon::http1 {

/// The fields that say where a message ends.
constexpr bool is_framing(FieldName id) noexcept {
  return id == FieldName::content_length || id == FieldName::transfer_encoding;
}

/// Sets framing, keep_alive, expects_continue and wants_websocket of a request whose lines are parsed.
Fault judge_request(RequestHead& head) noexcept;

/// How the method of the request changes the framing of its response (RFC 9112, section 6.3).
enum class AnswerTo : std::uint8_t { other, head, connect };

/// Sets framing and keep_alive of a response whose lines are parsed.
Fault judge_response(ResponseHead& head, AnswerTo request) noexcept;

}  // namespace cordon::http1
