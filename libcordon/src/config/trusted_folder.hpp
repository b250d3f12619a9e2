// Folders above what Cordon believes: whoever can write to one can take away what lies in it, or put something else there.
#pragma once

#include <filesystem>

#include <cordon/error.hpp>

namespace cordon::config {

/// Whether the folder at `path` is ours or root's and neither group nor others can write to it. A link is followed. One that does
/// not exist is no fault. @returns file_unsafe, with the command that mends it; file_failed
Result<> check_trusted_folder(const std::filesystem::path& path);

}  // namespace cordon::config
