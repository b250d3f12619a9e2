// Threads of ours handle no signals: those are the host's business.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace cordon::base {

/// While it lives, the calling thread takes no signal, and threads that it starts never do.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace cordon::base
