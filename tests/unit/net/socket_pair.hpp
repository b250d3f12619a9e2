// Two ends of a TCP connection over 127.0.0.1, and small tasks on streams.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "net/tcp_stream.hpp"
#include "support/event_loop.hpp"

namespace cordon::test {

struct SocketPair {
  std::unique_ptr<net::TcpStream> near;
  std::unique_ptr<net::TcpStream> far;
};

inline SocketPair make_pair(EventLoop& loop) {
  net::Acceptor acceptor(loop.io.get_executor(), {asio::ip::address_v4::loopback(), 0});
  net::Socket near(loop.io.get_executor());
  near.connect(acceptor.local_endpoint());
  net::Socket far = acceptor.accept();
  return {std::make_unique<net::TcpStream>(std::move(near), loop.watchdog),
          std::make_unique<net::TcpStream>(std::move(far), loop.watchdog)};
}

/// Closes with a reset instead of an orderly end.
inline void reset(std::unique_ptr<net::TcpStream>& stream) {
  const linger now{1, 0};
  ::setsockopt(stream->descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  stream.reset();
}

inline net::Task<std::string> read_piece(net::Stream& stream, std::size_t most = 64 * 1024) {
  std::string piece(most, '\0');
  base::MutableBytes buffer(reinterpret_cast<std::byte*>(piece.data()), piece.size());
  auto count = co_await stream.read_some(buffer);
  if (!count) co_return std::unexpected(std::move(count).error());
  piece.resize(*count);
  co_return piece;
}

inline net::Task<std::string> read_to_end(net::Stream& stream) {
  std::string all;
  for (;;) {
    auto piece = co_await read_piece(stream);
    if (!piece && piece.error().code == Errc::end_of_stream) co_return all;
    if (!piece) co_return std::unexpected(std::move(piece).error());
    all += *piece;
  }
}

inline net::Task<std::string> read_exactly(net::Stream& stream, std::size_t size) {
  std::string all;
  while (all.size() < size) {
    auto piece = co_await read_piece(stream, size - all.size());
    if (!piece) co_return std::unexpected(std::move(piece).error());
    all += *piece;
  }
  co_return all;
}

inline net::Task<> write_and_end(net::Stream& stream, const std::string& text) {
  if (auto written = co_await stream.write(base::as_bytes(text)); !written) co_return written;
  co_return co_await stream.shut_down_writing();
}

/// Bytes in which a hole, a repetition or a change of order shows.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 2463534242;
  for (char& c : text) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    c = static_cast<char>(state);
  }
  return text;
}

}  // namespace cordon::test
