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

/// Another user's link may be changed between our look at it and our use of it.
Result<> check_link(const std::filesystem::path& path, const struct stat& info, LinkedSettings links) {
  if (links == LinkedSettings::refuse) {
    return fail(Errc::file_unsafe, fmt::format("{} is a symbolic link; put the file itself there", path.native()));
  }
  if (info.st_uid == ::geteuid() || info.st_uid == 0) return {};
  return fail(Errc::file_unsafe, fmt::format("{} is another user's symbolic link; remove it", path.native()));
}

/// The file behind `path`, where there is something.
Result<std::filesystem::path> resolve(const std::filesystem::path& path, LinkedSettings links) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return path;  // opening it says why
  if (!S_ISLNK(info.st_mode)) return path;
  if (auto checked = check_link(path, info, links); !checked) return std::unexpected(checked.error());
  std::error_code error;
  auto target = std::filesystem::canonical(path, error);
  if (!error) return target;
  return fail(Errc::file_unsafe, fmt::format("{} is a symbolic link that leads nowhere; remove it", path.native()));
}

}  // namespace

Result<SettingsFile> read_settings_file(const std::filesystem::path& path, LinkedSettings links) {
  auto target = resolve(path, links);
  if (!target) return std::unexpected(std::move(target).error());
  SettingsFile file{std::move(*target), std::nullopt};
  struct stat info {};
  if (::lstat(file.path.c_str(), &info) != 0 && (errno == ENOENT || errno == ENOTDIR)) return file;
  auto text = base::read_file(file.path, kMaxSize);
  if (!text) return std::unexpected(std::move(text).error());
  if (info.st_uid != ::geteuid()) {
    return fail(Errc::file_unsafe, fmt::format("{} belongs to another user", file.path.native()));
  }
  file.text = std::move(*text);
  file.mode = info.st_mode & kPermissions;
  return file;
}

Result<> write_settings_file(const std::filesystem::path& path, std::string_view text, FileMode mode) {
  const auto written = base::write_file_whole(path, text, static_cast<mode_t>(mode), base::Overwrite::yes);
  return written ? Result<>() : std::unexpected(written.error());
}

Result<bool> create_settings_file(const std::filesystem::path& path, std::string_view text, FileMode mode) {
  return base::write_file_whole(path, text, static_cast<mode_t>(mode), base::Overwrite::no);
}

}  // namespace cordon
