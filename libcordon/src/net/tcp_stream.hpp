// A TCP connection as a Stream.
#pragma once

#include "net/stream.hpp"

namespace cordon::net {

class TcpStream final : public Stream {
 public:
  /// Takes over a connected socket: sets TCP_NODELAY and non-blocking mode.
  TcpStream(Socket socket, Watchdog& watchdog);
  ~TcpStream() override;

  Task<std::size_t> read_some(base::MutableBytes buffer) override;
  Task<> wait_readable() override;
  Task<> wait_writable();
  Task<> write(base::ConstBytes bytes) override;
  Task<> shut_down_writing() override;
  bool is_quiet() noexcept override;
  std::uint64_t sent() const noexcept override { return sent_; }
  void probe_when_silent() noexcept override;

  /// Sends what the kernel takes now, without waiting: the number of bytes, 0 when it takes none, or -1 on error.
  long send_now(base::ConstBytes bytes) noexcept;

  /// Ends pending operations without giving the connection up: for a stream on top, which knows why.
  void cancel_operations() noexcept;

  /// Makes the end of this object a reset (RST) instead of an orderly end.
  void reset_on_close() noexcept;

  int descriptor() noexcept { return socket_.native_handle(); }
  const Socket& socket() const noexcept { return socket_; }

 private:
  void cancel_pending() noexcept override { cancel_operations(); }
  /// The error of a finished operation, with our own reasons first.
  Error failure(const asio::error_code& error) const;

  Socket socket_;
  std::uint64_t sent_ = 0;
  bool ended_ = false;  ///< The end was read. Asio waits for more than that.
};

}  // namespace cordon::net
