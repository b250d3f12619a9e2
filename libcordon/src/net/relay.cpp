#include "net/relay.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>

#include <asio/co_spawn.hpp>

#include "net/event.hpp"

namespace cordon::net {
namespace {

constexpr std::size_t kBufferSize = std::size_t{32} * 1024;
constexpr std::chrono::seconds kLastWords{2};

/// One way through the relay.
struct Direction {
  Stream& from;
  Stream& to;
  std::uint64_t& count;
  const Direction* back = nullptr;  ///< The other way; never null once they run.
  bool refused = false;             ///< `to` takes no more bytes.

  /// What `to` has sent before may still be on its way: it is given a moment, and so is whoever reads it.
  std::unexpected<Error> end_refused(Error error) {
    refused = true;
    grant();
    return std::unexpected(std::move(error));
  }
  /// A moment more for last words, after each piece of them.
  void go_on() {
    if (back->refused) grant();
  }

 private:
  void grant() {
    to.expires_after(kLastWords);
    from.expires_after(kLastWords);
  }
};

/// Copies one direction through a buffer that is there only while bytes flow.
Task<> copy(Direction& way) {
  std::unique_ptr<std::byte[]> buffer;
  for (;;) {
    if (auto ready = co_await way.from.wait_readable(); !ready) co_return ready;
    if (!buffer) buffer = std::make_unique_for_overwrite<std::byte[]>(kBufferSize);
    auto read = co_await way.from.read_some({buffer.get(), kBufferSize});
    if (!read && read.error().code == Errc::end_of_stream) co_return co_await way.to.shut_down_writing();
    if (!read) co_return std::unexpected(std::move(read).error());
    way.count += *read;
    auto written = co_await way.to.write({buffer.get(), *read});
    if (!written) co_return way.end_refused(std::move(written).error());
    way.go_on();
    if (*read < kBufferSize / 2) buffer.reset();
  }
}

/// One direction that runs.
struct Half {
  Half(Stream& from, Stream& to, std::uint64_t& count) : way{from, to, count}, ended(from.watchdog_of()) {}
  Direction way;
  Event ended;
  Result<> result;
};

/// Runs both directions by `carry`; the first that cannot read, or runs out of memory, interrupts the other.
Task<> run_both(Stream& client, Stream& origin, RelayCounts& counts, Task<> (*carry)(Direction&)) {
  Half up_half(client, origin, counts.up);
  Half down_half(origin, client, counts.down);
  up_half.way.back = &down_half.way;
  down_half.way.back = &up_half.way;
  const auto end = [&](Half& half, Result<> result) {
    half.result = std::move(result);
    if (!half.result && !half.way.refused) {
      client.interrupt();
      origin.interrupt();
    }
    half.ended.set();
  };
  const auto start = [&](Half& half) {
    try {
      asio::co_spawn(client.watchdog_of().executor(), carry(half.way),
                     [&](const std::exception_ptr& error, Result<> result) {
                       end(half, error ? fail(Errc::internal) : std::move(result));
                     });
    } catch (const std::exception&) {
      end(half, fail(Errc::internal));
    }
  };
  start(up_half);
  start(down_half);
  co_await up_half.ended.join();  // their coroutines use this frame
  co_await down_half.ended.join();
  co_return down_half.result ? std::move(up_half.result) : std::move(down_half.result);
}

}  // namespace

Task<> relay(Stream& client, Stream& origin, RelayCounts& counts) {
  return run_both(client, origin, counts, copy);
}

#ifdef __linux__
namespace {

/// A pipe that bytes pass through on their way from socket to socket.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) != 0) ends_ = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends_) {
      if (end >= 0) ::close(end);
    }
  }
  bool valid() const noexcept { return ends_[0] >= 0; }
  int in() const noexcept { return ends_[1]; }
  int out() const noexcept { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};
};

constexpr std::size_t kPieceSize = std::size_t{2} * 1024;  // most questions, and most answers to them
constexpr std::size_t kBurstSize = std::size_t{64} * 1024;
constexpr std::size_t kSpliceSize = std::size_t{1} << 20;  // the kernel takes what its pipe holds
constexpr std::uint64_t kTurn = std::uint64_t{4} << 20;    // then the worker's other connections get theirs

/// A Direction between TcpStreams.
struct SocketDirection {
  explicit SocketDirection(Direction& direction)
      : way(direction), from(static_cast<TcpStream&>(way.from)), to(static_cast<TcpStream&>(way.to)) {}
  Direction& way;
  TcpStream& from;
  TcpStream& to;
};

/// Copies `first`, which has been read, and what came with it. An end, once reached, is there to be read again.
/// @returns whether there was so much that it may be worth a pipe
Task<bool> copy_burst(SocketDirection& sockets, base::ConstBytes first) {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kBurstSize);
  std::byte* const rest = std::ranges::copy(first, buffer.get()).out;
  const ssize_t read = ::recv(sockets.from.descriptor(), rest, kBurstSize - first.size(), MSG_DONTWAIT);
  const bool failed = read < 0 && errno != EAGAIN;
  const std::size_t more = read > 0 ? static_cast<std::size_t>(read) : 0;
  sockets.way.count += more;
  auto written = co_await sockets.to.write({buffer.get(), first.size() + more});
  if (!written) co_return sockets.way.end_refused(std::move(written).error());
  sockets.way.go_on();
  if (failed) co_return fail(Errc::connection_lost);
  co_return first.size() + more == kBurstSize;
}

long splice_once(int from, int to, std::size_t size) {
  return ::splice(from, nullptr, to, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

Task<> drain_pipe(const Pipe& pipe, std::size_t held, TcpStream& to) {
  while (held > 0) {
    const long count = splice_once(pipe.out(), to.descriptor(), held);
    if (count > 0) {
      held -= static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EAGAIN) {
      if (auto ready = co_await to.wait_writable(); !ready) co_return ready;
    } else {
      co_return fail(Errc::connection_lost);
    }
  }
  co_return Result<>{};
}

/// Passes bytes on in the kernel for as long as they are there, or for a turn. The pipe lives as long: an idle tunnel
/// holds none.
Task<> splice_burst(SocketDirection& sockets) {
  const Pipe pipe;
  const std::uint64_t began = sockets.way.count;
  while (pipe.valid() && sockets.way.count - began < kTurn) {  // out of descriptors: copying is slower, but it goes on
    const long read = splice_once(sockets.from.descriptor(), pipe.in(), kSpliceSize);
    if (read < 0 && errno != EAGAIN) co_return fail(Errc::connection_lost);
    if (read <= 0) break;  // an end is there to be read again
    sockets.way.count += static_cast<std::uint64_t>(read);
    auto drained = co_await drain_pipe(pipe, static_cast<std::size_t>(read), sockets.to);
    if (!drained) co_return sockets.way.end_refused(std::move(drained).error());
    sockets.way.go_on();
  }
  co_return Result<>{};
}

/// More than a piece has come.
Task<> pass_burst(SocketDirection& sockets, base::ConstBytes first) {
  const auto much = co_await copy_burst(sockets, first);
  if (!much) co_return std::unexpected(much.error());
  if (!*much) co_return Result<>{};
  co_return co_await splice_burst(sockets);
}

/// One direction between TcpStreams: little is read and written, which takes the fewest system calls; much is spliced.
Task<> pass_sockets(Direction& way) {
  SocketDirection sockets(way);
  std::array<std::byte, kPieceSize> piece;  // held while it waits: to wait first and then read takes longer
  for (;;) {
    auto read = co_await way.from.read_some(piece);
    if (!read && read.error().code == Errc::end_of_stream) co_return co_await way.to.shut_down_writing();
    if (!read) co_return std::unexpected(std::move(read).error());
    way.count += *read;
    if (*read == piece.size()) {
      if (auto passed = co_await pass_burst(sockets, piece); !passed) co_return passed;
      continue;
    }
    auto written = co_await way.to.write({piece.data(), *read});
    if (!written) co_return way.end_refused(std::move(written).error());
    way.go_on();
  }
}

}  // namespace

Task<> relay_sockets(TcpStream& client, TcpStream& origin, RelayCounts& counts) {
  return run_both(client, origin, counts, pass_sockets);
}
#else
Task<> relay_sockets(TcpStream& client, TcpStream& origin, RelayCounts& counts) {
  return relay(client, origin, counts);
}
#endif

}  // namespace cordon::net
