#pragma once

#include <pthread.h>
#include <signal.h>

namespace cordon::base {

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
    const sigset_t only = sigpipe();
    int taken = 0;
    if (!was_pending_ && is_pending()) sigwait(&only, &taken);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  static sigset_t sigpipe() noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
  }
  static bool is_pending() noexcept {
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
  }

  bool was_pending_;
  sigset_t before_{};
};

}  // namespace cordon::base
