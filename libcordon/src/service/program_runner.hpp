// Runs the programs of the service managers.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret_store.hpp>

namespace cordon::service {

struct ProgramOutput {
  int status = 0;  ///< The exit status; 128 and the signal's number when a signal ended it.
  std::string out;
  std::string err;
};

/// Runs `argv`, whose first word is a plain program name or an absolute path, to its end.
/// @returns file_missing (it is not installed), file_failed, timed_out
using RunProgram =
    std::function<Result<ProgramOutput>(const std::vector<std::string>& argv, std::chrono::milliseconds time)>;

/// The real one: looks plain names up in the PATH of `environment` and the system's own folders, and gives the program
/// `variables` as its whole environment.
RunProgram make_program_runner(const Environment& environment, std::vector<std::string> variables);

/// The absolute path of the program of that plain name, by the PATH of `environment` and then the system's own folders.
/// @returns file_missing
Result<std::string> locate_program(const Environment& environment, std::string_view name);

}  // namespace cordon::service
