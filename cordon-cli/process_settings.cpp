#include "process_settings.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#ifdef __linux__
#include <sys/prctl.h>
#else
#include <sys/ptrace.h>
#include <sys/types.h>
#endif

namespace cordon::cli {
namespace {

void forbid_core_dumps() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#elif defined(PT_DENY_ATTACH)
  ::ptrace(PT_DENY_ATTACH, 0, nullptr, 0);
#endif
}

/// @returns the soft limit as it was
std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;  // what most systems begin with
  const std::uint64_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
#ifdef __APPLE__
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, OPEN_MAX);  // more is refused, whatever the hard limit says
#endif
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return before;
}

}  // namespace

void open_standard_streams() noexcept {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free descriptor is the closed one.
    if (::fcntl(descriptor, F_GETFD) == -1) ::open("/dev/null", O_RDWR);
  }
}

void hide_memory() noexcept {
#ifdef __linux__
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

std::uint64_t harden_process() noexcept {
  forbid_core_dumps();
  std::signal(SIGPIPE, SIG_IGN);
  return raise_descriptor_limit();
}

}  // namespace cordon::cli
