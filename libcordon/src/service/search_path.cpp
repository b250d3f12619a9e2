#include "service/search_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <cordon/service_installer.hpp>

#include "service/definition.hpp"

namespace cordon::service {
namespace {

namespace fs = std::filesystem;

// Where systems have their programs. Appended, so that a PATH which was cut short for one command is none too short for ever.
constexpr std::array<std::string_view, 5> kUsualFolders = {"/usr/local/bin", "/usr/bin", "/bin",
#ifdef __APPLE__
                                                           "/opt/homebrew/bin", "/usr/sbin"
#else
                                                           "/usr/sbin", "/sbin"
#endif
};

bool is_below(const fs::path& folder, const fs::path& path) {
  const fs::path way = path.lexically_normal().lexically_relative(folder.lexically_normal());
  return !way.empty() && *way.begin() != "..";
}

fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path out = fs::weakly_canonical(path, error);
  return error ? path : out;
}

bool exists(const fs::path& path, struct stat& info) {
  return ::stat(path.c_str(), &info) == 0;
}

bool is_trusted(const struct stat& info) {
  const bool ours = info.st_uid == ::geteuid() || info.st_uid == 0;
  const bool group_writes = (info.st_mode & S_IWGRP) != 0 && info.st_gid != info.st_uid;
  return ours && !group_writes && (info.st_mode & S_IWOTH) == 0;
}

/// In a folder such as /tmp nobody can replace what belongs to another.
bool keeps_apart(const struct stat& info) {
  return info.st_uid == 0 && (info.st_mode & S_ISVTX) != 0;
}

void add_folder(std::vector<std::string_view>& folders, std::string_view folder, const fs::path& config) {
  const bool usable = folder.starts_with('/') && is_plain_text(folder);
  if (!usable || std::ranges::find(folders, folder) != folders.end()) return;
  const bool usual = std::ranges::find(kUsualFolders, folder) != kUsualFolders.end();
  if (usual || (!is_beside(config, folder) && is_safe_folder(folder))) folders.push_back(folder);
}

}  // namespace

bool is_beside(const fs::path& config, const fs::path& path) {
  const fs::path folder = config.parent_path();
  return is_below(folder, path) || is_below(resolved(folder), resolved(path));
}

bool is_safe_folder(const fs::path& path) {
  const fs::path whole = resolved(path);
  fs::path reached;
  struct stat above {};
  bool trusted_above = true;
  for (const fs::path& part : whole) {
    reached /= part;
    struct stat info {};
    if (!exists(reached, info)) return trusted_above;
    if (!trusted_above && !keeps_apart(above)) return false;
    trusted_above = is_trusted(info);
    above = info;
    if (info.st_uid != ::geteuid() && info.st_uid != 0) return false;
  }
  return trusted_above;
}

}  // namespace cordon::service

namespace cordon {

std::string service_path(const Environment& environment, const std::filesystem::path& config) {
  const auto found = environment.find("PATH");
  std::string_view path = found == environment.end() ? std::string_view() : std::string_view(found->second);
  std::vector<std::string_view> folders;
  while (!path.empty()) {
    const std::string_view folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(folder.size() + 1, path.size()));
    service::add_folder(folders, folder, config);
  }
  for (const std::string_view folder : service::kUsualFolders)
    service::add_folder(folders, folder, config);
  return fmt::format("{}", fmt::join(folders, ":"));
}

}  // namespace cordon
