#include "base/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/core.h>

#include "base/files.hpp"

namespace cordon::base {
namespace {

constexpr int kFirstOther = 3;  // the descriptor after standard error

struct Pipe {
  UniqueFd read_end, write_end;
};

// A descriptor of 0 to 2 (the host may have closed its own) would be overwritten or, being close-on-exec, lost in the
// child.
UniqueFd above_standard(UniqueFd fd) {
  if (!fd || fd.get() >= kFirstOther) return fd;
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstOther));
}

Pipe make_pipe() {
  std::array<int, 2> ends = {-1, -1};
#ifdef __linux__
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
#else
  if (::pipe(ends.data()) != 0) return {};
  for (const int end : ends)
    (void)::fcntl(end, F_SETFD, FD_CLOEXEC);
#endif
  return {above_standard(UniqueFd(ends[0])), above_standard(UniqueFd(ends[1]))};
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  // execve() wants char* and promises not to write.
  for (const std::string& text : strings)
    pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// All that the child needs, made before the fork: after it only async-signal-safe calls are allowed, so no memory is
// taken.
struct ChildPlan {
  std::vector<char*> argv, environment;
  std::optional<rlimit> descriptor_limit;
  UniqueFd null;
  Pipe output, errors, status;  // `errors` is empty when standard error goes to `null`
  pid_t parent = ::getpid();

  int standard_error() const { return errors.write_end ? errors.write_end.get() : null.get(); }
};

Result<ChildPlan> plan_child(const ProcessRequest& request) {
  ChildPlan plan{pointers_to(request.argv),
                 pointers_to(request.environment),
                 request.descriptor_limit,
                 above_standard(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))),
                 make_pipe(),
                 request.max_errors > 0 ? make_pipe() : Pipe{},
                 make_pipe()};
  const auto complete = [](const Pipe& pipe) { return bool(pipe.read_end) && bool(pipe.write_end); };
  const bool has_errors = request.max_errors == 0 || complete(plan.errors);
  if (plan.null && complete(plan.output) && has_errors && complete(plan.status)) return plan;
  return fail(Errc::file_failed, fmt::format("cannot start {}: {}", request.argv[0], errno_text(errno)));
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number)
    (void)::sigaction(number, &standard, nullptr);
  sigset_t none;
  sigemptyset(&none);
  (void)::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Marked instead of closed: the status pipe must live until the exec.
void mark_others_close_on_exec() {
#ifdef SYS_close_range
  constexpr unsigned kCloseOnExec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC
  if (::syscall(SYS_close_range, unsigned{kFirstOther}, ~0U, kCloseOnExec) == 0) return;
#endif
  rlimit limit{};
  (void)::getrlimit(RLIMIT_NOFILE, &limit);
  const int end = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65'536));
  for (int fd = kFirstOther; fd < end; ++fd)
    (void)::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// Where the kernel can: the program ends with the thread that waits for it, so with this process however that ends. Nobody else
// would end it, since its group gets no signal of a terminal or supervisor. A program that runs with other ids than its caller's
// is exempt (prctl(2)). @returns 0, or the errno of what failed
int end_with_parent(pid_t parent) {
#ifdef __linux__
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
  if (::getppid() != parent) return ESRCH;  // it was gone before
#else
  (void)parent;
#endif
  return 0;
}

// 0, or the errno of what failed.
int set_up_child(const ChildPlan& plan) {
  if (const int failed = end_with_parent(plan.parent); failed != 0) return failed;
  if (::setpgid(0, 0) != 0) return errno;
  if (::dup2(plan.null.get(), 0) < 0 || ::dup2(plan.output.write_end.get(), 1) < 0 ||
      ::dup2(plan.standard_error(), 2) < 0) {
    return errno;
  }
  mark_others_close_on_exec();
  if (plan.descriptor_limit && ::setrlimit(RLIMIT_NOFILE, &*plan.descriptor_limit) != 0) return errno;
  reset_signals();
  return 0;
}

[[noreturn]] void become_program(const ChildPlan& plan) {
  int failed = set_up_child(plan);
  if (failed == 0) {
    (void)::execve(plan.argv[0], plan.argv.data(), plan.environment.data());
    failed = errno;
  }
  const ssize_t told = ::write(plan.status.write_end.get(), &failed, sizeof failed);
  ::_exit(told < 0 ? 126 : 127);
}

// With every signal blocked, so that no handler of the host runs in the child before they are reset.
pid_t fork_quietly(const ChildPlan& plan) {
  sigset_t all, before;
  sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become_program(plan);
  const int failed = errno;
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = failed;
  return pid;
}

// The errno that the child reports, 0 when the pipe closed because the program runs, or ETIMEDOUT.
int wait_for_exec(int status_fd, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ready{.fd = status_fd, .events = POLLIN, .revents = 0};
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
    const int polled = ::poll(&ready, 1, wait);
    if (polled == 0 && left.count() <= 0) return ETIMEDOUT;
    if (polled <= 0) continue;
    int failed = 0;
    const ssize_t got = ::read(status_fd, &failed, sizeof failed);
    if (got >= 0) return failed;
  }
}

std::unexpected<Error> fail_start(const std::string& program, int failed) {
  if (failed == ETIMEDOUT) return fail(Errc::timed_out);
  const Errc code = failed == ENOENT ? Errc::file_missing : Errc::file_failed;
  return fail(code, fmt::format("cannot start {}: {}", program, errno_text(failed)));
}

}  // namespace

Result<Child> spawn(const ProcessRequest& request) {
  if (request.argv.empty() || !request.argv[0].starts_with('/')) {
    return fail(Errc::file_failed, "a helper program must be named by its absolute path");
  }
  auto plan = plan_child(request);
  if (!plan) return std::unexpected(plan.error());
  const pid_t pid = fork_quietly(*plan);
  if (pid < 0) return fail_start(request.argv[0], errno);
  plan->output.write_end.reset();
  plan->errors.write_end.reset();
  plan->status.write_end.reset();
  if (const int failed = wait_for_exec(plan->status.read_end.get(), request.deadline); failed != 0) {
    (void)::kill(pid, SIGKILL);
    (void)::waitpid(pid, nullptr, failed == ETIMEDOUT ? WNOHANG : 0);
    return fail_start(request.argv[0], failed);
  }
  for (const UniqueFd* pipe : {&plan->output.read_end, &plan->errors.read_end})
    if (*pipe) (void)::fcntl(pipe->get(), F_SETFL, O_NONBLOCK);
  return Child{pid, std::move(plan->output.read_end), std::move(plan->errors.read_end)};
}

}  // namespace cordon::base
