// Reads the config file's bytes, if nobody but its owner could have written them.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>

namespace cordon::config {

inline constexpr std::size_t kMaxConfigSize = std::size_t{1} << 20U;

struct FileText {
  std::string text;
  std::string warning;  ///< Empty: none.
};

/// The content of the regular file at `path`, a symlink followed. Never blocks on a FIFO or a device.
/// @returns what is wrong and what to do, for: no file, no permission, another kind of file, another user's (not ours,
/// not root's), world-writable, over kMaxConfigSize
std::expected<FileText, std::string> read_config_file(const std::filesystem::path& path);

}  // namespace cordon::config
