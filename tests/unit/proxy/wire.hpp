// Plain blocking sockets on 127.0.0.1, for a test that plays the client and the origin itself, step by step. Nothing
// waits longer than 10 s.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"

namespace cordon::test {

inline constexpr int kPatienceMs = 10'000;

/// One end of a connection.
class Wire {
 public:
  explicit Wire(base::UniqueFd socket) : socket_(std::move(socket)) {}

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return;  // the peer is gone: what it sent tells why
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  /// Up to and with `mark`; what is there when the peer ends before.
  std::string receive_to(std::string_view mark) {
    while (buffer_.find(mark) == std::string::npos && receive_more()) {
    }
    const auto at = buffer_.find(mark);
    return take(at == std::string::npos ? buffer_.size() : at + mark.size());
  }
  std::string receive_head() { return receive_to("\r\n\r\n"); }

  std::string receive(std::size_t size) {
    while (buffer_.size() < size && receive_more()) {
    }
    return take(size);
  }

  /// A whole message with Content-Length, or its head alone without.
  std::string receive_message() {
    std::string message = receive_head();
    constexpr std::string_view kLength = "Content-Length: ";
    const auto at = message.find(kLength);
    return at == std::string::npos ? message : message + receive(std::stoul(message.substr(at + kLength.size())));
  }

  std::string receive_all() {
    while (receive_more()) {
    }
    return take(buffer_.size());
  }

  /// Whether the peer ends the connection and sends nothing more.
  bool ends() { return receive_all().empty() && (ended_ || reset_); }
  bool was_reset() const noexcept { return reset_; }
  /// Whether nothing arrives for a moment.
  bool is_silent(int milliseconds = 100) {
    pollfd entry{socket_.get(), POLLIN, 0};
    return buffer_.empty() && ::poll(&entry, 1, milliseconds) == 0;
  }

  void end_writing() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_ = base::UniqueFd(); }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  bool connected() const noexcept { return socket_.get() >= 0; }

 private:
  bool receive_more() {
    pollfd entry{socket_.get(), POLLIN, 0};
    if (ended_ || reset_ || ::poll(&entry, 1, kPatienceMs) <= 0) {
      EXPECT_TRUE(ended_ || reset_) << "nothing arrived for 10 s after: " << buffer_;
      return false;
    }
    char piece[16 * 1024];
    const ssize_t count = ::recv(socket_.get(), piece, sizeof piece, 0);
    ended_ = count == 0;
    reset_ = count < 0;
    if (count > 0) buffer_.append(piece, static_cast<std::size_t>(count));
    return count > 0;
  }

  std::string take(std::size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  base::UniqueFd socket_;
  std::string buffer_;
  bool ended_ = false;
  bool reset_ = false;
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// @returns a wire that is not connected when nobody listens
inline Wire connect_to(std::uint16_t port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Wire(base::UniqueFd());
  }
  return Wire(std::move(socket));
}

/// An origin that does nothing by itself.
class ManualOrigin {
 public:
  ManualOrigin() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_.get(), generic, size), 0);
    EXPECT_EQ(::listen(socket_.get(), 64), 0);
    EXPECT_EQ(::getsockname(socket_.get(), generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }

  std::uint16_t port() const noexcept { return port_; }

  Wire accept() {
    EXPECT_TRUE(is_called(kPatienceMs)) << "nobody connects to the origin";
    return Wire(base::UniqueFd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }
  /// Whether a connection waits to be accepted.
  bool is_called(int milliseconds = 100) const {
    pollfd entry{socket_.get(), POLLIN, 0};
    return ::poll(&entry, 1, milliseconds) == 1;
  }
  void stop_listening() { socket_ = base::UniqueFd(); }

 private:
  base::UniqueFd socket_;
  std::uint16_t port_ = 0;
};

}  // namespace cordon::test
