// write_file_whole and replace_file_whole of files.hpp.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <random>
#include <system_error>

#include <fmt/core.h>

#include "base/files.hpp"

namespace cordon::base {
namespace {

std::unexpected<Error> fail_write(const std::filesystem::path& path, int error_number) {
  return fail(Errc::file_failed, fmt::format("cannot write {}: {}", path.native(), errno_text(error_number)));
}

constexpr std::string_view kTemporaryEnd = ".tmp";
constexpr std::size_t kTemporaryMiddle = 16;  // hexadecimal digits

std::string temporary_prefix(const std::filesystem::path& path) {
  return fmt::format(".{}.", path.filename().native());
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  std::random_device random;
  return path.parent_path() /
         fmt::format("{}{:08x}{:08x}{}", temporary_prefix(path), random(), random(), kTemporaryEnd);
}

bool is_leftover(const std::filesystem::directory_entry& entry, std::string_view prefix) {
  const std::string name = entry.path().filename().native();
  if (!name.starts_with(prefix) || name.size() != prefix.size() + kTemporaryMiddle + kTemporaryEnd.size()) return false;
  if (!name.ends_with(kTemporaryEnd) || !entry.is_regular_file()) return false;
  // Younger ones may be another writer's.
  return entry.last_write_time() < std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1);
}

// A writer that was killed leaves its temporary file, and what the file holds may be a private key.
void remove_leftovers(const std::filesystem::path& path) noexcept {
  try {
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const std::string prefix = temporary_prefix(path);
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (is_leftover(entry, prefix)) (void)::unlink(entry.path().c_str());
  } catch (const std::exception&) {  // the next writer comes by
  }
}

// 0, or the errno of the step that failed.
int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

// Makes a new file belong to whom the old one belongs to. @returns 0 or errno; `mode` is what it may have then
int take_owner(int fd, const struct stat& old, mode_t& mode) {
  struct stat made {};
  if (::fstat(fd, &made) != 0) return errno;
  if (made.st_uid != old.st_uid && ::fchown(fd, old.st_uid, static_cast<gid_t>(-1)) != 0) return errno;
  if (made.st_gid != old.st_gid && ::fchown(fd, static_cast<uid_t>(-1), old.st_gid) != 0) mode &= ~mode_t{S_IRWXG};
  return 0;
}

int write_synced(int fd, std::string_view content, mode_t mode) {
  // The umask has narrowed what open() was given.
  if (::fchmod(fd, mode) != 0) return errno;
  if (const int failed = write_all(fd, content); failed != 0) return failed;
  return ::fsync(fd) == 0 ? 0 : errno;
}

// Renames unless `to` exists, in one step. link() is everywhere; some file systems know only the other way.
int rename_if_free(const std::filesystem::path& from, const std::filesystem::path& to) {
#ifdef RENAME_NOREPLACE
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
#endif
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  (void)::unlink(from.c_str());
  return 0;
}

int put_in_place(const std::filesystem::path& from, const std::filesystem::path& to, Overwrite overwrite) {
  if (overwrite == Overwrite::no) return rename_if_free(from, to);
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// So that the new name survives a power cut. A file system that cannot sync a folder says EINVAL.
int sync_folder_of(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!fd) return errno;
  return ::fsync(fd.get()) == 0 || errno == EINVAL ? 0 : errno;
}

Result<bool> write(const std::filesystem::path& path, std::string_view content, mode_t mode, Overwrite overwrite,
                   const struct stat* old) {
  const std::filesystem::path temporary = temporary_name(path);
  // Until it has its owner and its content, others have no business in it.
  const mode_t first = old == nullptr ? mode : mode & mode_t{S_IRUSR | S_IWUSR};
  const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, first));
  if (!fd) return fail_write(path, errno);
  int failed = old == nullptr ? 0 : take_owner(fd.get(), *old, mode);
  if (failed == 0) failed = write_synced(fd.get(), content, mode);
  if (failed == 0) failed = put_in_place(temporary, path, overwrite);
  if (failed != 0) {
    (void)::unlink(temporary.c_str());
    if (failed == EEXIST && overwrite == Overwrite::no) return false;
    return fail_write(path, failed);
  }
  remove_leftovers(path);
  if (const int unsynced = sync_folder_of(path); unsynced != 0) return fail_write(path, unsynced);
  return true;
}

}  // namespace

Result<bool> write_file_whole(const std::filesystem::path& path, std::string_view content, mode_t mode,
                              Overwrite overwrite) {
  return write(path, content, mode, overwrite, nullptr);
}

Result<> replace_file_whole(const std::filesystem::path& path, std::string_view content, const struct stat& old) {
  const auto written = write(path, content, old.st_mode & mode_t{07777}, Overwrite::yes, &old);
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace cordon::base
