#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <fmt/core.h>
#include <cordon/settings_file.hpp>

#include "base/files.hpp"

namespace cordon {
namespace {

constexpr std::size_t kMaxSize = std::size_t{4} << 20;
constexpr FileMode kPermissions = 0777;
constexpr mode_t kFolderMode = 0777;  // less the umask

std::unexpected<Error> fail_errno(std::string_view what, const std::filesystem::path& path, int error_number) {
  return fail(Errc::file_failed, fmt::format("cannot {} {}: {}", what, path.native(), base::errno_text(error_number)));
}

/// Another user's link may be changed between our look at it and our use of it.
Result<> check_link(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return {};
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fail(Errc::file_unsafe, fmt::format("{} is another user's symbolic link; remove it", path.native()));
  std::error_code error;
  if (std::filesystem::exists(path, error)) return {};
  return fail(Errc::file_unsafe, fmt::format("{} is a symbolic link that leads nowhere; remove it", path.native()));
}

/// Where the place really is.
Result<std::filesystem::path> resolve(const SettingsPlace& place) {
  if (!place.within.empty()) return place.path;
  if (auto checked = check_link(place.path); !checked) return std::unexpected(checked.error());
  std::error_code error;
  auto target = std::filesystem::weakly_canonical(place.path, error);
  return error ? fail_errno("find", place.path, error.value()) : Result<std::filesystem::path>(std::move(target));
}

/// Whether there is no such file, as opposed to one that cannot be read.
bool is_missing(const SettingsPlace& place) {
  struct stat info {};
  return ::lstat(place.path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

Result<SettingsFile> read_at(const base::UniqueFd& folder, SettingsFile file) {
  const auto open = base::open_regular_file_at(folder, file.path);
  if (!open && open.error().code == Errc::file_missing) return file;
  if (!open) return std::unexpected(open.error());
  if (open->info.st_uid != ::geteuid())
    return fail(Errc::file_unsafe, fmt::format("{} belongs to another user", file.path.native()));
  auto text = base::read_open_file(*open, kMaxSize, file.path);
  if (!text) return std::unexpected(std::move(text).error());
  file.text = std::move(*text);
  file.mode = open->info.st_mode & kPermissions;
  return file;
}

Result<bool> write_at(const SettingsPlace& place, std::string_view text, FileMode mode, base::Overwrite overwrite) {
  const auto folder = base::open_folder_of(place.path, place.within);
  if (!folder) return std::unexpected(folder.error());
  return base::write_file_whole_at(*folder, place.path, text, static_cast<mode_t>(mode), overwrite);
}

}  // namespace

Result<SettingsFile> read_settings_file(const SettingsPlace& place) {
  auto target = resolve(place);
  if (!target) return std::unexpected(std::move(target).error());
  SettingsFile file{std::move(*target), std::nullopt};
  const auto folder = base::open_folder_of(file.path, place.within);
  if (folder) return read_at(*folder, std::move(file));
  const bool unsafe = folder.error().code == Errc::file_unsafe;
  return !unsafe && is_missing(place) ? Result<SettingsFile>(std::move(file)) : std::unexpected(folder.error());
}

Result<> write_settings_file(const SettingsPlace& place, std::string_view text, FileMode mode) {
  const auto written = write_at(place, text, mode, base::Overwrite::yes);
  return written ? Result<>() : std::unexpected(written.error());
}

Result<bool> create_settings_file(const SettingsPlace& place, std::string_view text, FileMode mode) {
  return write_at(place, text, mode, base::Overwrite::no);
}

Result<> remove_settings_file(const SettingsPlace& place) {
  const auto folder = base::open_folder_of(place.path, place.within);
  if (!folder) return std::unexpected(folder.error());
  if (::unlinkat(folder->get(), place.path.filename().c_str(), 0) == 0 || errno == ENOENT) return {};
  return fail_errno("remove", place.path, errno);
}

Result<bool> make_settings_folder(const SettingsPlace& place) {
  const auto folder = base::open_folder_of(place.path, place.within);
  if (!folder) return std::unexpected(folder.error());
  if (::mkdirat(folder->get(), place.path.filename().c_str(), kFolderMode) == 0) return true;
  return errno == EEXIST ? Result<bool>(false) : fail_errno("make the folder", place.path, errno);
}

void remove_empty_settings_folder(const SettingsPlace& place) noexcept {
  try {
    if (const auto folder = base::open_folder_of(place.path, place.within))
      (void)::unlinkat(folder->get(), place.path.filename().c_str(), AT_REMOVEDIR);
  } catch (const std::exception&) {  // out of memory: it stays
  }
}

}  // namespace cordon
