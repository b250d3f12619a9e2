// Runs another program to its end: by its path and arguments, never through a shell.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret_store.hpp>

namespace cordon::cli {

struct ProgramRun {
  std::filesystem::path program;       ///< Absolute.
  std::vector<std::string> arguments;  ///< Without the program itself.
  Environment environment;             ///< All of it: nothing is inherited.
  std::chrono::seconds deadline;
};

/// Runs it with /dev/null as standard input, in a process group of its own, which is killed whole when the time is up. Blocks.
/// @returns file_missing or file_failed when it cannot be started; timed_out; internal when it ends with another status than 0,
/// with the last line that it printed
Result<> run_program(const ProgramRun& run);

}  // namespace cordon::cli
