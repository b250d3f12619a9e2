// What the sources that run a helper program share: how it is found, and what becomes of a run that gives nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

#include "base/process.hpp"
#include "secrets/source.hpp"

namespace cordon::secrets {

/// Finds programs by name in PATH. A program is looked for until it is found and from then on known by that path, so
/// that a later change of a folder in PATH cannot put another program in its place. Thread-safe.
class ProgramFinder {
 public:
  /// Looks in the PATH of `environment`, which outlives this.
  explicit ProgramFinder(const Environment& environment) : environment_(environment) {}

  /// The absolute path of `name`, a plain name without a slash; nothing when it is in no folder of PATH.
  std::optional<std::filesystem::path> find(const std::string& name) const;

 private:
  const Environment& environment_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::filesystem::path, std::less<>> found_;
};

/// One run of a helper program.
struct HelperRun {
  std::vector<std::string> argv;         ///< argv[0] is an absolute path; its file name stands in the errors.
  std::vector<std::string> environment;  ///< See helper_environment().
  std::chrono::steady_clock::time_point deadline;
  std::size_t max_output = 0;
  std::size_t max_errors = 0;
  std::string_view after_timeout;  ///< The end of a sentence: what to do when it took too long.
  std::string_view after_start;    ///< The same, when it cannot be started.
};

/// Runs the program to its end, blocking. The result's end is `exited`, with any exit code. Errors never hold a part of
/// what the program printed, which may be the secret: secret_timeout (it and its group are killed), secret_invalid
/// (output over the bound), store_unavailable (it does not start, or a signal ended it).
Result<base::ProcessResult> run_helper(const HelperSettings& settings, HelperRun run);

/// store_unavailable: the program ended with an exit code that is not 0, and nothing more is known.
std::unexpected<Error> fail_exit(std::string_view program, int code);

}  // namespace cordon::secrets
