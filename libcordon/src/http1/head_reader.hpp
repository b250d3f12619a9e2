// From a collected head to a judged one: lines taken apart, target encoded, framing decided.
#pragma once

#include <vector>

#include <cordon/error.hpp>

#include "http1/framing.hpp"
#include "http1/head_buffer.hpp"
#include "http1/message.hpp"

namespace cordon::http1 {

/// Why a head is not accepted; false when it is. The reason never quotes the input.
struct Refusal {
  Errc code = Errc::bad_request;
  const char* reason = nullptr;

  explicit operator bool() const noexcept { return reason != nullptr; }
};

/// What a HeadBuffer that is neither incomplete nor complete is refused for.
Refusal refuse_collected(HeadBuffer::Status status, const HeadBuffer& text) noexcept;

/// Reads a complete head. The views in `head` point into `text`, in which the target is percent-encoded where it must
/// be.
Refusal read_request_head(HeadBuffer& text, RequestHead& head);
Refusal read_response_head(const HeadBuffer& text, AnswerTo request, ResponseHead& head);

/// Reads a complete trailer section, leaving out what may not be a trailer.
Refusal read_trailer_fields(const HeadBuffer& text, std::vector<Field>& trailers);

}  // namespace cordon::http1
