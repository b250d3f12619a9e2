// TLS on a TCP connection, as a Stream. BoringSSL reads from a buffer of ours, so that a record costs one receive, and
// writes its records straight to the socket.
#pragma once

#include <memory>

#include <openssl/ssl.h>

#include "net/tcp_stream.hpp"

namespace cordon::net {

class TlsStream final : public Stream {
 public:
  /// TLS as `ssl` says, over `tcp`. `early` holds bytes of the peer that were read before TLS began.
  TlsStream(std::unique_ptr<TcpStream> tcp, bssl::UniquePtr<SSL> ssl, base::ConstBytes early = {});
  ~TlsStream() override;

  /// The handshake, in the role that `ssl` was made for. Errors: unrecognized_name, upstream_tls with what was wrong
  /// (in both roles), end_of_stream, connection_lost, timed_out, cancelled.
  Task<> handshake();

  Task<std::size_t> read_some(base::MutableBytes buffer) override;
  Task<> wait_readable() override;
  Task<> write(base::ConstBytes bytes) override;
  Task<> shut_down_writing() override;
  bool is_quiet() noexcept override;
  std::uint64_t sent() const noexcept override { return tcp_->sent(); }
  void probe_when_silent() noexcept override { tcp_->probe_when_silent(); }

  SSL& ssl() noexcept { return *ssl_; }
  TcpStream& tcp() noexcept { return *tcp_; }

 private:
  static constexpr std::size_t kBufferSize = std::size_t{17} * 1024;  // one full record and its overhead

  static const BIO_METHOD* bio_method();
  static int bio_read(BIO* bio, char* out, int size);
  static int bio_write(BIO* bio, const char* data, int size);
  static long bio_control(BIO* bio, int command, long number, void* pointer);

  void cancel_pending() noexcept override;
  std::size_t buffered() const noexcept { return end_ - begin_; }
  Task<> fill();
  /// Waits for what the last SSL call wanted. Errors as handshake().
  Task<> wait_for(int ssl_error);
  Error failure(int ssl_error);

  std::unique_ptr<TcpStream> tcp_;
  bssl::UniquePtr<SSL> ssl_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool peer_closed_ = false;  ///< The TCP connection has ended.
  bool broken_ = false;       ///< A send failed.
};

}  // namespace cordon::net
