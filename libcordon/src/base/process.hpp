// Runs a helper program and takes what it prints as a secret.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

#include "base/wiped_buffer.hpp"

namespace cordon::base {

struct ProcessRequest {
  std::vector<std::string> argv;         ///< argv[0] is the program's absolute path.
  std::vector<std::string> environment;  ///< `NAME=value`, all of it: nothing is inherited.
  std::chrono::steady_clock::time_point deadline;
  std::size_t max_output = 0;              ///< In bytes.
  std::size_t max_errors = 0;              ///< How much of standard error to keep, in bytes; 0: it goes to /dev/null.
  std::optional<rlimit> descriptor_limit;  ///< RLIMIT_NOFILE for the program; absent: inherited.
};

enum class ProcessEnd : std::uint8_t { exited, killed_by_signal, output_over_bound };

struct ProcessResult {
  ProcessEnd end = ProcessEnd::exited;
  int code = 0;        ///< The exit code, or the signal's number.
  WipedBuffer output;  ///< Standard output, at most max_output bytes.
  WipedBuffer errors;  ///< The first max_errors bytes of standard error. They may quote a secret: never show them.
};

/// Runs a program to its end and returns its standard output, in secret memory. Blocks until then or until the
/// deadline.
///
/// The program gets /dev/null as standard input, no descriptor besides the standard ones, default signal dispositions,
/// no blocked signal, and a process group of its own in the caller's session. The whole group is killed when the
/// deadline passes, when the output is over the bound, and when something of it keeps standard output open 200 ms after
/// the program itself has ended; a grandchild that left the group (setsid) is not reached. Standard error never ends or
/// delays a run: what is over its bound is read and dropped, and nobody waits for its end.
///
/// On Linux the program itself is killed when the calling thread or process ends before it, unless it is set-user-ID or
/// set-group-ID (as `op` is where it talks to its desktop app) or has capabilities.
///
/// Thread-safe, also in a process with other threads and with any SIGCHLD disposition that leaves the exit status to
/// us.
/// @returns file_missing or file_failed when it cannot be started or its status is lost, timed_out
Result<ProcessResult> run_process(const ProcessRequest& request);

/// The absolute path of the program `name` (a plain name without a slash): the first executable file of that name in
/// the folders of `search_path`, written as PATH is. Folders that are not absolute are skipped, so that the working
/// directory, which may be a stranger's, never supplies a program. Absent: there is none.
std::optional<std::filesystem::path> find_program(std::string_view name, std::string_view search_path);

}  // namespace cordon::base
