// Reads HTTP messages from a stream: the parser and the bytes that it has not taken yet.
#pragma once

#include <memory>

#include "http1/parser.hpp"
#include "net/stream.hpp"

namespace cordon::proxy {

/// One direction of one connection. Not bound to a stream: the caller names it at each step, because a connection
/// changes its stream when TLS begins. Heads, in which clients send their tokens, are overwritten once they are read.
class MessageReader {
 public:
  explicit MessageReader(http1::Parser::Kind kind) : kind_(kind), parser_(kind) {}

  /// The next event of the message; reads as often as it takes. Errors: those of Parser::next and Stream::read_some;
  /// end_of_stream only when the peer ended between two messages.
  net::Task<http1::Event> next(net::Stream& stream);

  /// The next event among the bytes that are here already: need_more where next() would read.
  Result<http1::Event> next_buffered();

  /// Bytes of which none is taken: those that are here, or those of one read. Never empty.
  net::Task<base::ConstBytes> peek(net::Stream& stream);

  /// Returns once the first byte of a message is here, or next() would return without waiting.
  net::Task<> wait_for_message(net::Stream& stream);

  http1::Parser& parser() noexcept { return parser_; }

  /// Whether next() has to read before it can say more.
  bool must_read() const noexcept { return unread_.empty(); }

  /// The bytes that were read and belong to no message: what follows a CONNECT, or an upgrade.
  base::ConstBytes take_unread() noexcept { return std::exchange(unread_, {}); }

  /// Forgets everything, for another connection.
  void reset();

  /// Gives the buffer back, between two messages.
  void release_buffer() noexcept;

 private:
  static constexpr std::size_t kBufferSize = std::size_t{16} * 1024;  // SSL_read gives one record at most

  static constexpr std::size_t kIdleCapacity = std::size_t{16} * 1024;  // what an idle connection may hold on to

  net::Task<std::size_t> read(net::Stream& stream);
  void wipe_before_unread(base::ConstBytes before) noexcept;

  http1::Parser::Kind kind_;
  http1::Parser parser_;
  std::unique_ptr<std::byte[]> buffer_;
  base::ConstBytes unread_;
  bool between_messages_ = true;  ///< The parser has returned `end` last, or has not begun.
};

}  // namespace cordon::proxy
