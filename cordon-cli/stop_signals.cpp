#include "stop_signals.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace cordon::cli {
namespace {

/// How long an end at once may take before the process is ended from outside of it.
constexpr std::chrono::milliseconds kLastPatience{300};
/// How soon after the first of its kind a signal is that same one, sent by another way.
constexpr std::chrono::milliseconds kEcho{50};

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (!is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

HangUp meaning_of_hang_up() {
  const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (terminal < 0) return HangUp::reload;
  ::close(terminal);
  return HangUp::stop;
}

StopSignals::StopSignals(HangUp hang_up) : hang_up_(hang_up) {
  const sigset_t set = stop_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { wait_for_signals(); });
}

StopSignals::~StopSignals() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  over_changed_.notify_all();
  ::pthread_kill(thread_.native_handle(), SIGINT);  // wakes it from sigwait
  thread_.join();
}

void StopSignals::deliver_to(Handler handler, std::function<void()> reload) {
  const std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
  reload_ = std::move(reload);
}

void StopSignals::end_with_terminal() {
  const std::lock_guard lock(mutex_);
  if (over_ || hang_up_ != HangUp::stop || !first_.empty()) return;
  if (!handler_) die_of(SIGHUP);
  // It is not the first SIGHUP: the real one may be late, and must not count as the second, which ends at once.
  handler_(SIGHUP, StopMode::graceful);
}

bool StopSignals::take(int signal) {
  const auto now = std::chrono::steady_clock::now();
  const auto [first, is_first] = first_.emplace(signal, now);
  if (!is_first && now - first->second < kEcho) return false;
  handler_(signal, is_first ? StopMode::graceful : StopMode::immediate);
  return !is_first;
}

void StopSignals::wait_for_signals() {
  const sigset_t set = stop_set();
  while (insistent_ == 0) {
    int signal = 0;
    if (::sigwait(&set, &signal) != 0) continue;
    const std::lock_guard lock(mutex_);
    if (over_) return;
    if (signal == SIGHUP && hang_up_ == HangUp::reload) {
      if (reload_) reload_();
      continue;
    }
    if (!handler_) die_of(signal);
    if (take(signal)) insistent_ = signal;
  }
  // Ending at once must not depend on any other thread.
  std::unique_lock lock(mutex_);
  if (!over_changed_.wait_for(lock, kLastPatience, [this] { return over_; })) die_of(insistent_);
}

void StopSignals::die_of(int signal) noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  std::signal(signal, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::pthread_kill(::pthread_self(), signal);
  ::_exit(128 + signal);  // not reached: the default action of the three ends the process
}

}  // namespace cordon::cli
