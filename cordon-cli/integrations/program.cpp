#include "integrations/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>

#include "terminal.hpp"

namespace cordon::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKept = 4096;  // of what it prints, the end
constexpr std::size_t kShown = 300;  // of its last line

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

/// What posix_spawn wants to know.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words)
    out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

Result<pid_t> start(const ProgramRun& run, int output) {
  std::vector<std::string> words = {run.program.string()};
  words.insert(words.end(), run.arguments.begin(), run.arguments.end());
  std::vector<std::string> variables;
  for (const auto& [name, value] : run.environment)
    variables.push_back(fmt::format("{}={}", name, value));
  const SpawnSettings settings(output);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, run.program.c_str(), settings.actions(), settings.attributes(),
                                  pointers(words).data(), pointers(variables).data());
  if (error == 0) return pid;
  return fail(error == ENOENT ? Errc::file_missing : Errc::file_failed,
              fmt::format("cannot be started: {}", std::generic_category().message(error)));
}

/// Reads what there is within `patience`. @returns whether more may come
bool read_some(int output, std::chrono::milliseconds patience, std::string& kept) {
  std::array<char, 1024> piece{};
  pollfd entry{output, POLLIN, 0};
  if (::poll(&entry, 1, static_cast<int>(patience.count())) <= 0) return true;
  const ssize_t count = ::read(output, piece.data(), piece.size());
  if (count <= 0) return count < 0 && (errno == EINTR || errno == EAGAIN);
  kept.append(piece.data(), static_cast<std::size_t>(count));
  if (kept.size() > kKept) kept.erase(0, kept.size() - kKept);
  return true;
}

/// Reads until the program ends, whoever else has its output by then. @returns its status; nothing when it was killed, because
/// its time was up
std::optional<int> attend(pid_t pid, int output, Clock::time_point deadline, std::string& kept) {
  constexpr std::chrono::milliseconds kPause{20};
  int status = 0;
  bool open = true;
  while (Clock::now() < deadline) {
    if (open)
      open = read_some(output, kPause, kept);
    else
      std::this_thread::sleep_for(kPause);
    if (::waitpid(pid, &status, WNOHANG) == pid) {
      read_some(output, std::chrono::milliseconds{0}, kept);
      return status;
    }
  }
  ::kill(-pid, SIGKILL);
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return std::nullopt;
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  text.erase(0, text.rfind('\n') + 1);  // npos + 1 is 0
  return without_controls(text.substr(0, kShown));
}

}  // namespace

Result<> run_program(const ProgramRun& run) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return fail(Errc::internal, "no pipe can be made");
  Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  ::fcntl(output.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(input.get(), F_SETFD, FD_CLOEXEC);
  const auto pid = start(run, input.get());
  if (!pid) return std::unexpected(pid.error());
  input.close();
  std::string text;
  const auto status = attend(*pid, output.get(), Clock::now() + run.deadline, text);
  if (!status) return fail(Errc::timed_out, fmt::format("was not done within {} s", run.deadline.count()));
  if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
  return fail(Errc::internal, fmt::format("ended with {} {}{}", WIFEXITED(*status) ? "status" : "signal",
                                          WIFEXITED(*status) ? WEXITSTATUS(*status) : WTERMSIG(*status),
                                          text.empty() ? "" : ": " + last_line(text)));
}

}  // namespace cordon::cli
