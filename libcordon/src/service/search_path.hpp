// Where a service looks for programs.
#pragma once

#include <filesystem>

namespace cordon::service {

/// Whether `path` is the folder that `config` is in, or lies in it: as it is written, or with links resolved.
bool is_beside(const std::filesystem::path& config, const std::filesystem::path& path);

/// Whether nobody but this user and root can put a program into the folder at `path`, now or once it exists: it and all folders above
/// are theirs, and not writable by others. A group that has its owner's number is that owner's own.
bool is_safe_folder(const std::filesystem::path& path);

}  // namespace cordon::service
