// The first half of run_process: a program's start, up to its exec.
#pragma once

#include <sys/types.h>

#include <cordon/error.hpp>

#include "base/process.hpp"
#include "base/unique_fd.hpp"

namespace cordon::base {

/// A program that runs, leader of a process group whose id is `pid`.
struct Child {
  pid_t pid = -1;
  UniqueFd output;  ///< Its standard output, to be read without blocking.
  UniqueFd errors;  ///< Its standard error likewise; none when the request keeps nothing of it.
};

/// Starts the program as run_process says and waits until it has replaced the forked process, or failed to.
/// @returns file_missing, file_failed, timed_out
Result<Child> spawn(const ProcessRequest& request);

}  // namespace cordon::base
