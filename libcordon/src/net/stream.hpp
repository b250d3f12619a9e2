// A connection's bytes, in and out. What http sessions talk to: a socket, TLS on a socket, or a script in tests.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"
#include "net/asio.hpp"
#include "net/watchdog.hpp"

namespace cordon::net {

/// One read and one write may be pending at once. Errors: end_of_stream (reads), connection_lost, timed_out, cancelled, in
/// TLS upstream_tls. Then only destruction makes sense, but for an end, and a read that timed out (a new deadline revives it).
class Stream : public Watched {
 public:
  ~Stream() override = default;

  /// Reads at least one byte into the front of `buffer`, which must not be empty.
  virtual Task<std::size_t> read_some(base::MutableBytes buffer) = 0;

  /// Returns when read_some would not wait: bytes, the end or an error are there. Gives idle memory back while it
  /// waits.
  virtual Task<> wait_readable() = 0;

  /// Writes all of `bytes`.
  virtual Task<> write(base::ConstBytes bytes) = 0;

  /// Tells the peer that nothing more will come. Reading goes on.
  virtual Task<> shut_down_writing() = 0;

  /// Whether an idle connection can be used again: still open, and nothing unasked has arrived.
  virtual bool is_quiet() noexcept = 0;

  /// How many bytes the kernel has taken, TLS records and all. Zero growth over a failed write means: nothing was sent.
  virtual std::uint64_t sent() const noexcept = 0;

  /// TCP keep-alive probes after 60 s of silence, for connections that may be silent for ever.
  virtual void probe_when_silent() noexcept = 0;

  Watchdog& watchdog_of() const noexcept { return watchdog(); }

 protected:
  using Watched::Watched;
};

}  // namespace cordon::net
