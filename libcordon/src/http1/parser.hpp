// Turns bytes into heads and body spans. Pull, never push: the caller hands in what it has read and asks for the next event.
//
//   for (;;) {
//     auto event = parser.next(input);          // consumes from the front of `input`
//     need_more: read more bytes, then again    head: parser.request()     body: parser.body()     end: the message is whole
//   }
//
// Stricter than llhttp alone: docs/decisions/0001-http-heads.md says what is refused beyond it, and why.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <cordon/error.hpp>

#include "base/bytes.hpp"
#include "http1/message.hpp"

namespace cordon::http1 {

/// The bound of a head, start line and fields together, and of a trailer section.
inline constexpr std::size_t kMaxHead = std::size_t{64} * 1024;
/// The bound of the number of fields.
inline constexpr std::size_t kMaxFields = 1'000;

enum class Event : unsigned char {
  need_more,  ///< All input is consumed; nothing is complete.
  head,       ///< request() or response() is valid until the next head.
  body,       ///< body() is valid as long as the input that was handed in.
  end,        ///< The message is whole; the next call begins the next message.
};

/// One direction of one connection. Keeps its buffers from message to message: no allocation in the steady state.
class Parser {
 public:
  enum class Kind : unsigned char { request, response };

  explicit Parser(Kind kind);
  Parser(Parser&&) noexcept;
  Parser& operator=(Parser&&) noexcept;
  ~Parser();

  /// For responses: the method of the request that the next head answers, because HEAD and CONNECT change the framing
  /// (RFC 9112, section 6.3). Call it before the head's first byte.
  void expect_answer_to(std::string_view method) noexcept;

  /// The next event; consumes input from the front. Request errors: bad_request, head_too_large, target_too_long. Response
  /// errors: upstream_protocol. After an error the parser is of no further use. An informational response (1xx) is a head
  /// followed by an end, as every bodyless message is.
  Result<Event> next(base::ConstBytes& input);

  /// The peer has closed: `end` when that completes the message (a body until close), need_more when no message had begun,
  /// else bad_request or upstream_protocol.
  Result<Event> finish();

  const RequestHead& request() const noexcept;
  RequestHead& request() noexcept;  ///< For hop_by_hop, which marks fields as dropped.
  const ResponseHead& response() const noexcept;
  ResponseHead& response() noexcept;
  base::ConstBytes body() const noexcept;

  /// Trailer fields of the chunked message whose `end` was just returned; credentials and framing fields are left out already
  /// (RFC 9110, section 6.5.1).
  std::span<const Field> trailers() const noexcept;

  /// Overwrites the head and the trailers of the message whose `end` was returned last. What was got of them before ends.
  void forget_message() noexcept;

  /// The bytes of memory that its buffers hold, about: the largest head so far decides.
  std::size_t capacity() const noexcept;

  /// Whether the first byte of a message has been seen and its head is not yet complete.
  bool in_head() const noexcept;
  /// Whether a message has begun and its `end` has not been returned.
  bool in_message() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon::http1
