#include "base/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/core.h>

namespace cordon::base {
namespace {

constexpr std::size_t kChunk = 16 * 1024;

std::unexpected<Error> fail_errno(std::string_view what, const std::filesystem::path& path, int error_number) {
  const Errc code = error_number == ENOENT ? Errc::file_missing : Errc::file_failed;
  return fail(code, fmt::format("cannot {} {}: {}", what, path.native(), errno_text(error_number)));
}

std::unexpected<Error> fail_symlink(const std::filesystem::path& path) {
  return fail(Errc::file_unsafe, fmt::format("{} is a symbolic link; put the file itself there", path.native()));
}

std::unexpected<Error> fail_too_large(const std::filesystem::path& path, std::size_t max) {
  return fail(Errc::file_failed, fmt::format("{} is larger than the {} bytes allowed", path.native(), max));
}

ssize_t read_once(int fd, void* to, std::size_t count) {
  ssize_t got = 0;
  do {
    got = ::read(fd, to, count);
  } while (got < 0 && errno == EINTR);
  return got;
}

std::unexpected<Error> fail_owner(const std::filesystem::path& path, uid_t owner) {
  return fail(Errc::file_unsafe, fmt::format("{} belongs to user {}, not to you; run: sudo chown {} {}", path.native(),
                                             owner, ::geteuid(), shell_word(path)));
}

// O_NONBLOCK: opening a FIFO must not wait for a writer. It means nothing to a regular file.
constexpr int kReading = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Result<OpenFile> checked(UniqueFd fd, const std::filesystem::path& path, Symlinks symlinks) {
  OpenFile file{std::move(fd), {}};
  if (!file.fd) {
    if (errno == ELOOP && symlinks == Symlinks::refuse) return fail_symlink(path);
    return fail_errno("open", path, errno);
  }
  if (::fstat(file.fd.get(), &file.info) != 0) return fail_errno("look at", path, errno);
  if (S_ISREG(file.info.st_mode)) return file;
  return fail(Errc::file_unsafe, fmt::format("{} is not a regular file", path.native()));
}

Result<std::string> read_rest(int fd, std::size_t max, const std::filesystem::path& path) {
  std::string content;
  for (;;) {
    const std::size_t size = content.size();
    content.resize(size + std::min(kChunk, max + 1 - size));
    const ssize_t got = read_once(fd, content.data() + size, content.size() - size);
    if (got < 0) return fail_errno("read", path, errno);
    content.resize(size + static_cast<std::size_t>(got));
    if (content.size() > max) return fail_too_large(path, max);
    if (got == 0) return content;
  }
}

}  // namespace

Result<OpenFile> open_regular_file(const std::filesystem::path& path, Symlinks symlinks) {
  const int links = symlinks == Symlinks::refuse ? O_NOFOLLOW : 0;
  return checked(UniqueFd(::open(path.c_str(), kReading | links)), path, symlinks);
}

Result<OpenFile> open_regular_file_at(const UniqueFd& folder, const std::filesystem::path& path) {
  const int fd = ::openat(folder.get(), path.filename().c_str(), kReading | O_NOFOLLOW);
  return checked(UniqueFd(fd), path, Symlinks::refuse);
}

Result<std::string> read_open_file(const OpenFile& file, std::size_t max, const std::filesystem::path& path) {
  return read_rest(file.fd.get(), max, path);
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max, Symlinks symlinks) {
  const auto file = open_regular_file(path, symlinks);
  if (!file) return std::unexpected(file.error());
  return read_rest(file->fd.get(), max, path);
}

Result<std::string> read_trusted_file(const std::filesystem::path& path, std::size_t max) {
  const auto file = open_regular_file(path, Symlinks::follow);
  if (!file) return std::unexpected(file.error());
  if (file->info.st_uid != ::geteuid() && file->info.st_uid != 0) return fail_owner(path, file->info.st_uid);
  if ((file->info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(Errc::file_unsafe, fmt::format("{} can be changed by others (mode {:04o}); run: chmod go-w {}",
                                               path.native(), file->info.st_mode & 07777U, shell_word(path)));
  }
  return read_rest(file->fd.get(), max, path);
}

Result<WipedBuffer> read_private(int fd, std::size_t max, const std::filesystem::path& path) {
  WipedBuffer content;
  for (;;) {
    const MutableBytes room = content.prepare(std::min(kChunk, max + 1 - content.size()));
    const ssize_t got = read_once(fd, room.data(), room.size());
    if (got < 0) return fail_errno("read", path, errno);
    content.commit(static_cast<std::size_t>(got));
    if (content.size() > max) return fail_too_large(path, max);
    if (got == 0) return content;
  }
}

Result<> check_private(const struct stat& info, const std::filesystem::path& path, Readers readers) {
  if (info.st_uid != ::geteuid() && info.st_uid != 0) return fail_owner(path, info.st_uid);
  const bool group_may_read = readers == Readers::group_if_root_owned && info.st_uid == 0;
  const mode_t refused = group_may_read ? mode_t{S_IWGRP | S_IXGRP | S_IRWXO} : mode_t{S_IRWXG | S_IRWXO};
  if ((info.st_mode & refused) == 0) return {};
  return fail(Errc::file_unsafe, fmt::format("{} can be read or changed by others (mode {:04o}); run: chmod 600 {}",
                                             path.native(), info.st_mode & 07777U, shell_word(path)));
}

Result<> check_private_file(const std::filesystem::path& path) {
  const auto file = open_regular_file(path);
  if (!file) return std::unexpected(file.error());
  return check_private(file->info, path);
}

Result<WipedBuffer> read_private_file(const std::filesystem::path& path, std::size_t max) {
  const auto file = open_regular_file(path);
  if (!file) return std::unexpected(file.error());
  if (const auto safe = check_private(file->info, path); !safe) return std::unexpected(safe.error());
  return read_private(file->fd.get(), max, path);
}

Result<> check_private_folder(const std::filesystem::path& path) {
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
  if (!folder) {
    if (errno == ENOTDIR || errno == ELOOP) {
      return fail(Errc::file_unsafe, fmt::format("{} is not a folder, or only a link to one", path.native()));
    }
    return fail_errno("open the folder", path, errno);
  }
  struct stat info {};
  if (::fstat(folder.get(), &info) != 0) return fail_errno("look at", path, errno);
  if (info.st_uid != ::geteuid()) return fail_owner(path, info.st_uid);
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return fail(Errc::file_unsafe, fmt::format("others can write to the folder {} (mode {:04o}); run: chmod 700 {}",
                                             path.native(), info.st_mode & 07777U, shell_word(path)));
}

Result<> make_private_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path parent = path.parent_path();
  if (!parent.empty() && parent != path && !std::filesystem::is_directory(parent, ignored)) {
    if (const auto made = make_private_folder(parent); !made) return made;
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("make the folder", path, errno);
  return check_private_folder(path);
}

std::string shell_word(const std::filesystem::path& path) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%=:,";
  const std::string& text = path.native();
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string errno_text(int error_number) {
  return std::generic_category().message(error_number);
}

}  // namespace cordon::base
