#include "net/tls_stream.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>

#include "tls/context.hpp"

namespace cordon::net {

const BIO_METHOD* TlsStream::bio_method() {
  // Made once and shared: a BIO_METHOD is a constant table.
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "cordon tcp");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int TlsStream::bio_read(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  const std::size_t count = std::min(self.buffered(), static_cast<std::size_t>(size));
  if (count == 0) {
    if (self.peer_closed_) return 0;
    BIO_set_retry_read(bio);
    return -1;
  }
  std::memcpy(out, self.buffer_.get() + self.begin_, count);
  self.begin_ += count;
  return static_cast<int>(count);
}

int TlsStream::bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  const long count = self.tcp_->send_now(base::as_bytes({data, static_cast<std::size_t>(size)}));
  if (count > 0) return static_cast<int>(count);
  if (count == 0) {
    BIO_set_retry_write(bio);
  } else {
    self.broken_ = true;
  }
  return -1;
}

long TlsStream::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsStream::TlsStream(std::unique_ptr<TcpStream> tcp, bssl::UniquePtr<SSL> ssl, base::ConstBytes early)
    : Stream(tcp->watchdog_of()), tcp_(std::move(tcp)), ssl_(std::move(ssl)) {
  tcp_->never_expires();  // from here on this stream's own deadline counts
  if (!early.empty()) {
    buffer_ = std::make_unique_for_overwrite<std::byte[]>(std::max(kBufferSize, early.size()));
    std::memcpy(buffer_.get(), early.data(), early.size());
    end_ = early.size();
  }
  BIO* bio = BIO_new(bio_method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() = default;

void TlsStream::cancel_pending() noexcept {
  tcp_->cancel_operations();  // not its end: a new deadline revives this stream
}

Task<> TlsStream::fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBufferSize);
  auto count = co_await tcp_->read_some({buffer_.get() + end_, kBufferSize - end_});
  if (count) {
    end_ += *count;
  } else if (count.error().code == Errc::end_of_stream) {
    peer_closed_ = true;
  } else {
    co_return fail(gave_up() ? reason() : count.error().code);
  }
  co_return Result<>{};
}

Error TlsStream::failure(int ssl_error) {
  if (gave_up()) return {reason(), {}};
  if (ssl_error == SSL_ERROR_ZERO_RETURN) return {Errc::end_of_stream, {}};
  if (broken_ || ssl_error == SSL_ERROR_SYSCALL) {
    ERR_clear_error();
    return {Errc::connection_lost, {}};
  }
  if (tls::refused_for_name(*ssl_)) {
    ERR_clear_error();
    return {Errc::unrecognized_name, {}};
  }
  return {Errc::upstream_tls, tls::explain_failure(*ssl_)};
}

Task<> TlsStream::wait_for(int ssl_error) {
  if (gave_up()) co_return fail(reason());
  if (ssl_error == SSL_ERROR_WANT_READ) {
    // A peer that is gone without a close_notify has cut the connection: an end is never taken for granted.
    if (peer_closed_) co_return fail(Errc::connection_lost);
    co_return co_await fill();
  }
  if (ssl_error != SSL_ERROR_WANT_WRITE) co_return std::unexpected(failure(ssl_error));
  auto ready = co_await tcp_->wait_writable();
  if (!ready && gave_up()) co_return fail(reason());
  co_return ready;
}

Task<> TlsStream::handshake() {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) co_return Result<>{};
    if (auto ready = co_await wait_for(SSL_get_error(ssl_.get(), done)); !ready) co_return ready;
  }
}

Task<std::size_t> TlsStream::read_some(base::MutableBytes buffer) {
  for (;;) {
    if (gave_up()) co_return fail(reason());
    ERR_clear_error();
    const int count =
        SSL_read(ssl_.get(), buffer.data(), static_cast<int>(std::min<std::size_t>(buffer.size(), 1 << 30)));
    if (count > 0) co_return static_cast<std::size_t>(count);
    if (auto ready = co_await wait_for(SSL_get_error(ssl_.get(), count)); !ready) {
      co_return std::unexpected(std::move(ready).error());
    }
  }
}

Task<> TlsStream::wait_readable() {
  if (gave_up()) co_return fail(reason());
  if (buffered() > 0 || SSL_pending(ssl_.get()) > 0 || peer_closed_) co_return Result<>{};
  buffer_.reset();
  begin_ = end_ = 0;
  auto ready = co_await tcp_->wait_readable();
  if (!ready && gave_up()) co_return fail(reason());
  co_return ready;
}

Task<> TlsStream::write(base::ConstBytes bytes) {
  while (!bytes.empty()) {
    if (gave_up()) co_return fail(reason());
    ERR_clear_error();
    const int count =
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 30)));
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (auto ready = co_await wait_for(SSL_get_error(ssl_.get(), count)); !ready) {
      co_return ready;
    }
  }
  co_return Result<>{};
}

Task<> TlsStream::shut_down_writing() {
  for (;;) {
    ERR_clear_error();
    const int done = SSL_shutdown(ssl_.get());
    if (done >= 0) break;
    const int error = SSL_get_error(ssl_.get(), done);
    if (error != SSL_ERROR_WANT_WRITE) break;  // the alert is a courtesy: what matters is the end of the TCP stream
    if (gave_up()) co_return fail(reason());
    if (auto ready = co_await tcp_->wait_writable(); !ready) co_return ready;
  }
  co_return co_await tcp_->shut_down_writing();
}

bool TlsStream::is_quiet() noexcept {
  if (gave_up() || peer_closed_ || buffered() > 0 || SSL_pending(ssl_.get()) > 0) return false;
  return tcp_->is_quiet();
}

}  // namespace cordon::net
