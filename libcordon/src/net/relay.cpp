#include "net/relay.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include "net/event.hpp"

namespace cordon::net {
namespace {

constexpr std::size_t kBufferSize = std::size_t{32} * 1024;
constexpr std::chrono::seconds kLastWords{2};

/// `to` takes no more bytes, but what it has sent before may still be on its way: this direction ends without the other.
Task<> let_speak(Stream& to) {
  to.expires_after(kLastWords);
  co_return Result<>{};
}

/// Copies one direction through a buffer that is there only while bytes flow.
Task<> copy(Stream& from, Stream& to, std::uint64_t& count) {
  std::unique_ptr<std::byte[]> buffer;
  for (;;) {
    if (auto ready = co_await from.wait_readable(); !ready) co_return ready;
    if (!buffer) buffer = std::make_unique_for_overwrite<std::byte[]>(kBufferSize);
    auto read = co_await from.read_some({buffer.get(), kBufferSize});
    if (!read && read.error().code == Errc::end_of_stream) co_return co_await to.shut_down_writing();
    if (!read) co_return std::unexpected(std::move(read).error());
    count += *read;
    auto written = co_await to.write({buffer.get(), *read});
    if (!written) co_return co_await let_speak(to);
    if (*read < kBufferSize / 2) buffer.reset();
  }
}

/// One direction that runs.
struct Half {
  explicit Half(Watchdog& watchdog) : ended(watchdog) {}
  Event ended;
  Result<> result;
};

/// Runs both directions; the first error, or running out of memory, interrupts the other.
Task<> run_both(Stream& client, Stream& origin, Task<> up, Task<> down) {
  Watchdog& watchdog = client.watchdog_of();
  Half up_half(watchdog);
  Half down_half(watchdog);
  const auto end = [&](Half& half, Result<> result) {
    half.result = std::move(result);
    if (!half.result) {
      client.interrupt();
      origin.interrupt();
    }
    half.ended.set();
  };
  const auto start = [&](Task<> direction, Half& half) {
    try {
      asio::co_spawn(watchdog.executor(), std::move(direction), [&](const std::exception_ptr& error, Result<> result) {
        end(half, error ? fail(Errc::internal) : std::move(result));
      });
    } catch (const std::exception&) {
      end(half, fail(Errc::internal));
    }
  };
  start(std::move(up), up_half);
  start(std::move(down), down_half);
  co_await up_half.ended.join();  // their coroutines use this frame
  co_await down_half.ended.join();
  co_return down_half.result ? std::move(up_half.result) : std::move(down_half.result);
}

}  // namespace

Task<> relay(Stream& client, Stream& origin, RelayCounts& counts) {
  return run_both(client, origin, copy(client, origin, counts.up), copy(origin, client, counts.down));
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

constexpr std::size_t kSpliceSize = std::size_t{1} << 20;  // the kernel takes what its pipe holds
constexpr std::uint64_t kTurn = std::uint64_t{4} << 20;    // then the worker's other connections get theirs

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

/// One direction by splice. The pipe exists only while bytes flow: an idle tunnel holds none.
Task<> splice_all(TcpStream& from, TcpStream& to, std::uint64_t& count) {
  for (;;) {
    if (auto ready = co_await from.wait_readable(); !ready) co_return ready;
    const Pipe pipe;
    if (!pipe.valid()) co_return co_await copy(from, to, count);  // out of descriptors: slower, but it goes on
    std::uint64_t turn_began = count;
    for (;;) {
      const long read = splice_once(from.descriptor(), pipe.in(), kSpliceSize);
      if (read == 0) co_return co_await to.shut_down_writing();
      if (read < 0 && errno == EAGAIN) break;
      if (read < 0) co_return fail(Errc::connection_lost);
      count += static_cast<std::uint64_t>(read);
      auto written = co_await drain_pipe(pipe, static_cast<std::size_t>(read), to);
      if (!written) co_return co_await let_speak(to);
      if (count - turn_began >= kTurn) {
        turn_began = count;
        co_await asio::post(from.watchdog_of().executor(), use_task);
      }
    }
  }
}

}  // namespace

Task<> relay_sockets(TcpStream& client, TcpStream& origin, RelayCounts& counts) {
  return run_both(client, origin, splice_all(client, origin, counts.up), splice_all(origin, client, counts.down));
}
#else
Task<> relay_sockets(TcpStream& client, TcpStream& origin, RelayCounts& counts) {
  return relay(client, origin, counts);
}
#endif

}  // namespace cordon::net
