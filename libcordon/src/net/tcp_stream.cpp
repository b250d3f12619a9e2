#include "net/tcp_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace cordon::net {

TcpStream::TcpStream(Socket socket, Watchdog& watchdog) : Stream(watchdog), socket_(std::move(socket)) {
  asio::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.native_non_blocking(true, ignored);
}

TcpStream::~TcpStream() = default;

void TcpStream::cancel_operations() noexcept {
  asio::error_code ignored;
  socket_.cancel(ignored);
}

Error TcpStream::failure(const asio::error_code& error) const {
  if (gave_up()) return {reason(), {}};
  if (error == asio::error::eof) return {Errc::end_of_stream, {}};
  return {Errc::connection_lost, {}};
}

Task<std::size_t> TcpStream::read_some(base::MutableBytes buffer) {
  if (gave_up()) co_return fail(reason());
  if (ended_) co_return fail(Errc::end_of_stream);
  asio::error_code error;
  const std::size_t count =
      co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), error_into(error));
  ended_ = error == asio::error::eof;
  if (error) co_return std::unexpected(failure(error));
  co_return count;
}

Task<> TcpStream::wait_readable() {
  if (gave_up()) co_return fail(reason());
  asio::error_code error;
  co_await socket_.async_wait(Socket::wait_read, error_into(error));
  if (error) co_return std::unexpected(failure(error));
  co_return Result<>{};
}

Task<> TcpStream::wait_writable() {
  if (gave_up()) co_return fail(reason());
  asio::error_code error;
  co_await socket_.async_wait(Socket::wait_write, error_into(error));
  if (error) co_return std::unexpected(failure(error));
  co_return Result<>{};
}

long TcpStream::send_now(base::ConstBytes bytes) noexcept {
  const ssize_t count = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) {
    sent_ += static_cast<std::uint64_t>(count);
    return static_cast<long>(count);
  }
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

Task<> TcpStream::write(base::ConstBytes bytes) {
  while (!bytes.empty()) {
    if (gave_up()) co_return fail(reason());
    const long count = send_now(bytes);
    if (count < 0) co_return fail(Errc::connection_lost);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    if (bytes.empty()) break;
    if (auto ready = co_await wait_writable(); !ready) co_return ready;
  }
  co_return Result<>{};
}

Task<> TcpStream::shut_down_writing() {
  asio::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) co_return fail(Errc::connection_lost);
  co_return Result<>{};
}

bool TcpStream::is_quiet() noexcept {
  if (gave_up()) return false;
  char byte = 0;
  const ssize_t count = ::recv(descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && errno == EAGAIN;
}

void TcpStream::reset_on_close() noexcept {
  // Not by set_option: Asio's destructor would undo it, lest it block.
  const linger now{1, 0};
  ::setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void TcpStream::probe_when_silent() noexcept {
  const int on = 1;
  const int seconds = 60;
  ::setsockopt(descriptor(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
  ::setsockopt(descriptor(), IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
#else
  ::setsockopt(descriptor(), IPPROTO_TCP, TCP_KEEPALIVE, &seconds, sizeof seconds);
#endif
}

}  // namespace cordon::net
