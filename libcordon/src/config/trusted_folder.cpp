#include "config/trusted_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "base/files.hpp"

namespace cordon::config {

Result<> check_trusted_folder(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return fail(Errc::file_failed, fmt::format("cannot look at {}: {}", path.native(), base::errno_text(errno)));
  }
  if (info.st_uid != ::geteuid() && info.st_uid != 0) {
    return fail(Errc::file_unsafe, fmt::format("{} belongs to user {}, not to you; run: sudo chown {} {}",
                                               path.native(), info.st_uid, ::geteuid(), base::shell_word(path)));
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return fail(Errc::file_unsafe, fmt::format("others can write to the folder {} (mode {:04o}); run: chmod 700 {}",
                                             path.native(), info.st_mode & 07777U, base::shell_word(path)));
}

}  // namespace cordon::config
