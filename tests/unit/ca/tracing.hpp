// Whether a test may stop its children at their system calls.
#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cordon::test {

/// False where the machine forbids ptrace, as containers may.
inline bool may_trace() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0 ? 0 : 1);
  int status = -1;
  return ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace cordon::test
