#include "terminal_watch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>

namespace cordon::cli {
namespace {

void close_if_open(int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
}

bool ignores_hang_up() {
  struct sigaction action {};
  return ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// The controlling terminal; -1 when there is none that is to be watched.
int open_terminal() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0) return -1;
  if (!ignores_hang_up() && ::tcgetpgrp(terminal) == ::getpgrp()) return terminal;
  ::close(terminal);
  return -1;
}

}  // namespace

TerminalWatch::TerminalWatch(std::function<void()> on_closed) : terminal_(open_terminal()) {
  if (terminal_ < 0 || ::pipe(over_) != 0) return;
  for (const int end : over_)
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
  thread_ = std::thread([this, call = std::move(on_closed)] { watch(call); });
}

TerminalWatch::~TerminalWatch() {
  close_if_open(over_[1]);
  if (thread_.joinable()) thread_.join();
  close_if_open(over_[0]);
  close_if_open(terminal_);
}

void TerminalWatch::watch(const std::function<void()>& on_closed) const {
  // A hang-up is reported without being asked for.
  std::array<pollfd, 2> sources = {pollfd{terminal_, 0, 0}, pollfd{over_[0], POLLIN, 0}};
  while (::poll(sources.data(), sources.size(), -1) < 0) {
  }
  if (sources[1].revents == 0 && (sources[0].revents & POLLHUP) != 0) on_closed();
}

}  // namespace cordon::cli
