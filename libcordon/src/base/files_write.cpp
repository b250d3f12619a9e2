// write_file_whole, replace_file_whole and open_folder_of of files.hpp.
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

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

std::string temporary_prefix(const std::filesystem::path& path) {
  return fmt::format(".{}.", path.filename().native());
}

std::string temporary_name(const std::filesystem::path& path) {
  std::random_device random;
  return fmt::format("{}{:08x}{:08x}{}", temporary_prefix(path), random(), random(), kTemporaryEnd);
}

bool is_leftover(const std::filesystem::directory_entry& entry, std::string_view prefix) {
  const std::string name = entry.path().filename().native();
  if (!name.starts_with(prefix) || name.size() != prefix.size() + kTemporaryMiddle + kTemporaryEnd.size()) return false;
  if (!name.ends_with(kTemporaryEnd) || !entry.is_regular_file()) return false;
  // Younger ones may be another writer's.
  return entry.last_write_time() < std::filesystem::file_time_type::clock::now() - std::chrono::minutes(1);
}

// A writer that was killed leaves its temporary file, and what the file holds may be a private key.
void remove_leftovers(int folder, const std::filesystem::path& path) noexcept {
  try {
    const std::string prefix = temporary_prefix(path);
    for (const auto& entry : std::filesystem::directory_iterator(parent_of(path)))
      if (is_leftover(entry, prefix)) (void)::unlinkat(folder, entry.path().filename().c_str(), 0);
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
int rename_if_free(int folder, const std::string& from, const std::string& to) {
#ifdef RENAME_NOREPLACE
  if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
#endif
  if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) != 0) return errno;
  (void)::unlinkat(folder, from.c_str(), 0);
  return 0;
}

int put_in_place(int folder, const std::string& from, const std::string& to, Overwrite overwrite) {
  if (overwrite == Overwrite::no) return rename_if_free(folder, from, to);
  return ::renameat(folder, from.c_str(), folder, to.c_str()) == 0 ? 0 : errno;
}

// So that the new name survives a power cut. A file system that cannot sync a folder says EINVAL.
int sync_folder(int folder) {
  return ::fsync(folder) == 0 || errno == EINVAL ? 0 : errno;
}

// All steps are in the one folder that is open, wherever its path leads by now.
Result<bool> write(int folder, const std::filesystem::path& path, std::string_view content, mode_t mode,
                   Overwrite overwrite, const struct stat* old) {
  const std::string temporary = temporary_name(path);
  // Until it has its owner and its content, others have no business in it.
  const mode_t first = old == nullptr ? mode : mode & mode_t{S_IRUSR | S_IWUSR};
  const UniqueFd fd(::openat(folder, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, first));
  if (!fd) return fail_write(path, errno);
  int failed = old == nullptr ? 0 : take_owner(fd.get(), *old, mode);
  if (failed == 0) failed = write_synced(fd.get(), content, mode);
  if (failed == 0) failed = put_in_place(folder, temporary, path.filename().native(), overwrite);
  if (failed != 0) {
    (void)::unlinkat(folder, temporary.c_str(), 0);
    if (failed == EEXIST && overwrite == Overwrite::no) return false;
    return fail_write(path, failed);
  }
  remove_leftovers(folder, path);
  if (const int unsynced = sync_folder(folder); unsynced != 0) return fail_write(path, unsynced);
  return true;
}

UniqueFd open_folder(const std::filesystem::path& folder) {
  return UniqueFd(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
}

std::unexpected<Error> fail_folder(const std::filesystem::path& folder, int error_number) {
  const Errc code = error_number == ENOENT ? Errc::file_missing : Errc::file_failed;
  return fail(code, fmt::format("cannot open the folder {}: {}", folder.native(), errno_text(error_number)));
}

// The folder `name` of an open one. What O_NOFOLLOW says of a link beside O_DIRECTORY differs among systems.
Result<UniqueFd> enter(const UniqueFd& folder, const std::filesystem::path& name, const std::filesystem::path& shown) {
  UniqueFd next(::openat(folder.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW));
  if (next) return next;
  const int failed = errno;
  struct stat info {};
  const bool linked = ::fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode);
  if (!linked) return fail_folder(shown, failed);
  return fail(Errc::file_unsafe,
              fmt::format("{} is a symbolic link; put the folder itself there, or remove it", shown.native()));
}

}  // namespace

Result<bool> write_file_whole(const std::filesystem::path& path, std::string_view content, mode_t mode,
                              Overwrite overwrite) {
  const UniqueFd folder = open_folder(parent_of(path));
  return folder ? write(folder.get(), path, content, mode, overwrite, nullptr) : fail_write(path, errno);
}

Result<bool> write_file_whole_at(const UniqueFd& folder, const std::filesystem::path& path, std::string_view content,
                                 mode_t mode, Overwrite overwrite) {
  return write(folder.get(), path, content, mode, overwrite, nullptr);
}

Result<UniqueFd> open_folder_of(const std::filesystem::path& path, const std::filesystem::path& within) {
  std::filesystem::path reached = within.empty() ? parent_of(path) : within;
  UniqueFd folder = open_folder(reached);
  if (!folder) return fail_folder(reached, errno);
  if (within.empty()) return folder;
  const auto way = path.lexically_relative(within);
  if (way.empty() || *way.begin() == "." || *way.begin() == "..")
    return fail(Errc::file_unsafe, fmt::format("{} is not below {}", path.native(), within.native()));
  for (const auto& part : way.parent_path()) {
    reached /= part;
    auto next = enter(folder, part, reached);
    if (!next) return next;
    folder = std::move(*next);
  }
  return folder;
}

Result<> replace_file_whole(const std::filesystem::path& path, std::string_view content, const struct stat& old) {
  const UniqueFd folder = open_folder(parent_of(path));
  if (!folder) return fail_write(path, errno);
  const auto written = write(folder.get(), path, content, old.st_mode & mode_t{07777}, Overwrite::yes, &old);
  if (!written) return std::unexpected(written.error());
  return {};
}

}  // namespace cordon::base
