// What the whole process is set to. libcordon never touches any of it: a host program decides for itself.
#pragma once

#include <cstdint>

namespace cordon::cli {

/// Opens /dev/null in place of standard streams that are closed, so that no socket or file is ever taken for one of
/// them.
void open_standard_streams() noexcept;

/// For a command that handles tokens and may become another program: not dumpable, which ends with that program's start.
/// Best effort. On macOS nothing: what there is would stay with the program.
void hide_memory() noexcept;

/// For a process that will hold secrets: no core dumps, not dumpable (and so not traceable by its own user's programs),
/// as many descriptors as the hard limit allows, SIGPIPE ignored. Best effort: what the system refuses stays as it was.
/// @returns the soft limit of descriptors as it was, for helper programs
std::uint64_t harden_process() noexcept;

}  // namespace cordon::cli
