#include "interrupt.hpp"

namespace cordon::cli {
namespace {

sigset_t only_interrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

HeldInterrupt::HeldInterrupt() {
  const sigset_t interrupt = only_interrupt();
  ::pthread_sigmask(SIG_BLOCK, &interrupt, &usual_);
}

HeldInterrupt::~HeldInterrupt() {
  ::pthread_sigmask(SIG_SETMASK, &usual_, nullptr);
}

bool HeldInterrupt::take() {
  sigset_t pending;
  if (::sigpending(&pending) != 0 || sigismember(&pending, SIGINT) != 1) return false;
  const sigset_t interrupt = only_interrupt();
  int signal = 0;
  return ::sigwait(&interrupt, &signal) == 0;
}

}  // namespace cordon::cli
