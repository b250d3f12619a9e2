#include "control/socket_io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace cordon::control {
namespace {

using std::chrono::milliseconds;

/// For poll(2), which takes an int.
int left_until(Clock::time_point deadline) {
  if (deadline == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, std::numeric_limits<int>::max()));
}

#ifndef __linux__
int close_on_exec(int descriptor) {
  if (descriptor >= 0) ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  return descriptor;
}
#endif

}  // namespace

Pipe make_pipe() noexcept {
  std::array<int, 2> ends{-1, -1};
#ifdef __linux__
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
#else
  if (::pipe(ends.data()) != 0) return {};
  for (const int end : ends)
    close_on_exec(end);
#endif
  return {base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

base::UniqueFd make_stream_socket(int family) noexcept {
#ifdef __linux__
  return base::UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
#else
  return base::UniqueFd(close_on_exec(::socket(family, SOCK_STREAM, 0)));
#endif
}

base::UniqueFd accept_connection(int listening) noexcept {
#ifdef __linux__
  return base::UniqueFd(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
#else
  return base::UniqueFd(close_on_exec(::accept(listening, nullptr, nullptr)));
#endif
}

Result<> prepare_socket(int descriptor) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 || ::fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0)
    return fail(Errc::internal, "fcntl failed");
#ifdef SO_NOSIGPIPE
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
  return {};
}

Result<> await(int descriptor, short events, Clock::time_point deadline) {
  for (;;) {
    pollfd entry{descriptor, events, 0};
    const int ready = ::poll(&entry, 1, left_until(deadline));
    if (ready > 0) return {};
    if (ready == 0) return fail(Errc::timed_out);
    if (errno != EINTR) return fail(Errc::internal, "poll failed");
  }
}

Result<> send_all(int descriptor, std::string_view text, Clock::time_point deadline) {
#ifdef MSG_NOSIGNAL
  constexpr int kFlags = MSG_NOSIGNAL;
#else
  constexpr int kFlags = 0;
#endif
  while (!text.empty()) {
    const ssize_t sent = ::send(descriptor, text.data(), text.size(), kFlags);
    if (sent >= 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = await(descriptor, POLLOUT, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return fail(Errc::connection_lost);
    }
  }
  return {};
}

Result<base::ConstBytes> receive(int descriptor, base::MutableBytes buffer, Clock::time_point deadline) {
  for (;;) {
    if (auto ready = await(descriptor, POLLIN, deadline); !ready) return std::unexpected(ready.error());
    const ssize_t count = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count >= 0) return base::ConstBytes(buffer.first(static_cast<std::size_t>(count)));
    if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return fail(Errc::connection_lost);
  }
}

}  // namespace cordon::control
