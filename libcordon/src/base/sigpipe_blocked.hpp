#pragma once

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <ctime>

namespace cordon::base {

#ifdef __linux__
/// While it lives, a write to a connection that is gone raises no SIGPIPE in the calling thread, whatever the host program has
/// made of that signal: for calls that cannot be told so one by one, as splice. One that was raised meanwhile goes with it.
class SigpipeBlocked {
 public:
  SigpipeBlocked() noexcept : was_pending_(is_pending()) {
    const sigset_t only = sigpipe();
    pthread_sigmask(SIG_BLOCK, &only, &before_);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked() {
    if (!was_pending_) take_pending();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  static sigset_t sigpipe() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
  }
  /// Does not wait: one that was sent to the process may be another thread's by now.
  static void take_pending() noexcept {
    const sigset_t only = sigpipe();
    const timespec now{};
    while (sigtimedwait(&only, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  static bool is_pending() noexcept {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
  }

  bool was_pending_;
  sigset_t before_{};
};
#else
/// Only Linux splices.
class SigpipeBlocked {};
#endif

}  // namespace cordon::base
