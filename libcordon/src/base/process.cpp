#include "base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/core.h>

#include "base/spawn.hpp"
#include "base/unique_fd.hpp"

namespace cordon::base {
namespace {

using Clock = std::chrono::steady_clock;

// How long standard output may stay open after the program's end.
constexpr std::chrono::milliseconds kGrace{200};
// How long a killed program may take to be gone; one stuck in the kernel is left behind.
constexpr std::chrono::milliseconds kKillWait{1000};
// How often to look, where the system cannot tell of a process's end.
constexpr std::chrono::milliseconds kPollInterval{10};
constexpr std::size_t kChunk = 4096;
// A program that never stops writing to standard error must not keep us from looking at the rest: so much at once. A
// pipe holds 64 KiB, so all that a program leaves behind at its end is read.
constexpr int kErrorChunks = 16;

int open_pidfd(pid_t pid) {
#ifdef SYS_pidfd_open
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
#else
  (void)pid;
  return -1;
#endif
}

// Whether the process has ended, without reaping it. When somebody else has reaped it, it has.
bool has_ended(pid_t pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) != 0) return errno == ECHILD;
  return info.si_pid == pid;
}

// Reads a chunk into `buffer`; closes `fd` at its end. @returns whether there may be more at once
bool read_chunk(UniqueFd& fd, WipedBuffer& buffer, std::size_t room) {
  const MutableBytes space = buffer.prepare(room);
  const ssize_t got = ::read(fd.get(), space.data(), space.size());
  if (got > 0) buffer.commit(static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) fd.reset();
  return got > 0;
}

// A program that runs. It is reaped after the last kill(): until then its process id, and so the group's, is not given
// to a stranger.
class Helper {
 public:
  Helper(Child child, const ProcessRequest& request)
      : pid_(child.pid),
        stdout_(std::move(child.output)),
        stderr_(std::move(child.errors)),
        pidfd_(open_pidfd(pid_)),
        max_output_(request.max_output),
        max_errors_(request.max_errors) {}
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;
  ~Helper();

  Result<ProcessResult> run(Clock::time_point deadline);

 private:
  void wait_for_news(Clock::time_point until) const;
  void read_output();
  void read_errors();
  void look_for_end();
  bool over_bound() const { return output_.size() > max_output_; }
  Result<ProcessResult> finish();

  pid_t pid_;
  UniqueFd stdout_, stderr_;  // none after their ends
  UniqueFd pidfd_;            // none where the system has no such thing
  std::size_t max_output_, max_errors_;
  Clock::time_point ended_at_{};
  bool ended_ = false;
  bool reaped_ = false;
  WipedBuffer output_, errors_;
};

Helper::~Helper() {
  if (reaped_) return;
  (void)::kill(-pid_, SIGKILL);
  stdout_.reset();
  for (const auto until = Clock::now() + kKillWait; !has_ended(pid_) && Clock::now() < until;)
    wait_for_news(until);
  (void)::waitpid(pid_, nullptr, WNOHANG);
}

Result<ProcessResult> Helper::run(Clock::time_point deadline) {
  while (!over_bound() && (stdout_ || !ended_)) {
    const auto until = ended_ ? ended_at_ + kGrace : deadline;
    if (Clock::now() >= until) break;
    wait_for_news(until);
    look_for_end();
    read_output();
    read_errors();
  }
  if (!ended_ && !over_bound()) return fail(Errc::timed_out);
  return finish();
}

void Helper::wait_for_news(Clock::time_point until) const {
  auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  if (!pidfd_) wait = std::min(wait, kPollInterval);
  // poll() passes over negative descriptors. A pidfd stays readable after the end, so it is asked only before.
  std::array<pollfd, 3> fds = {pollfd{.fd = stdout_.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = stderr_.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = ended_ ? -1 : pidfd_.get(), .events = POLLIN, .revents = 0}};
  (void)::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000)));
}

void Helper::look_for_end() {
  if (ended_ || !has_ended(pid_)) return;
  ended_ = true;
  ended_at_ = Clock::now();
}

// As far as it comes without waiting.
void Helper::read_output() {
  while (stdout_ && !over_bound() && read_chunk(stdout_, output_, kChunk)) {
  }
}

void Helper::read_errors() {
  WipedBuffer dropped;
  for (int i = 0; stderr_ && i < kErrorChunks; ++i) {
    const std::size_t room = max_errors_ - errors_.size();
    dropped.clear();
    const bool more = room > 0 ? read_chunk(stderr_, errors_, room) : read_chunk(stderr_, dropped, kChunk);
    if (!more) return;
  }
}

Result<ProcessResult> Helper::finish() {
  if (over_bound()) return ProcessResult{.end = ProcessEnd::output_over_bound, .code = 0, .output = {}, .errors = {}};
  if (stdout_) (void)::kill(-pid_, SIGKILL);
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) {
    reaped_ = true;
    return fail(Errc::file_failed, "the helper's exit status was taken by another part of this process");
  }
  reaped_ = true;
  if (WIFSIGNALED(status)) {
    return ProcessResult{.end = ProcessEnd::killed_by_signal, .code = WTERMSIG(status), .output = {}, .errors = {}};
  }
  return ProcessResult{.end = ProcessEnd::exited,
                       .code = WEXITSTATUS(status),
                       .output = std::move(output_),
                       .errors = std::move(errors_)};
}

bool is_executable_file(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<ProcessResult> run_process(const ProcessRequest& request) {
  auto child = spawn(request);
  if (!child) return std::unexpected(child.error());
  return Helper(std::move(*child), request).run(request.deadline);
}

std::optional<std::filesystem::path> find_program(std::string_view name, std::string_view search_path) {
  if (name.empty() || name.find('/') != std::string_view::npos) return std::nullopt;
  while (!search_path.empty()) {
    const std::string_view folder = search_path.substr(0, search_path.find(':'));
    search_path.remove_prefix(std::min(folder.size() + 1, search_path.size()));
    if (!folder.starts_with('/')) continue;
    auto candidate = std::filesystem::path(folder) / name;
    if (is_executable_file(candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace cordon::base
