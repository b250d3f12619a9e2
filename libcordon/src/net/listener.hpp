// A listening socket on 127.0.0.1.
#pragma once

#include <cstdint>

#include "net/tcp_stream.hpp"

namespace cordon::net {

/// Whether several sockets of ours listen on the same port, the kernel dealing out connections.
enum class Sharing : unsigned char {
  none,   ///< The only one.
  first,  ///< Refused when anybody listens on the port already; others may join it then.
  join,   ///< One more beside the first.
};

class Listener {
 public:
  /// Binds and listens on 127.0.0.1:`port`; 0 takes any free one. Errors: port_in_use, internal.
  static Result<Listener> bind(Executor executor, std::uint16_t port, Sharing sharing);

  std::uint16_t port() const noexcept { return port_; }

  /// The next connection. Out of descriptors or memory it pauses and goes on; the only error is cancelled, after
  /// close().
  Task<Socket> accept();

  /// Stops listening. A pending accept ends with cancelled.
  void close() noexcept;

 private:
  Listener(Acceptor acceptor, std::uint16_t port) : acceptor_(std::move(acceptor)), port_(port) {}
  Acceptor acceptor_;
  std::uint16_t port_;
};

}  // namespace cordon::net
