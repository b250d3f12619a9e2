// The command that makes a file or folder private again. It is made of what lies there, never of an error's words: these may hold
// what a config says, and whoever wrote that would choose the command.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/finding.hpp"
#include "text.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr mode_t kOthersMayAnything = S_IRWXG | S_IRWXO;
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;

/// Empty: there is nothing that a mode would mend.
std::string mode_fix_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || info.st_uid != ::geteuid()) return {};
  if (S_ISDIR(info.st_mode) && (info.st_mode & kOthersMayWrite) != 0) return "chmod 700 " + shell_quoted(path.native());
  if (S_ISREG(info.st_mode) && (info.st_mode & kOthersMayAnything) != 0)
    return "chmod 600 " + shell_quoted(path.native());
  return {};
}

}  // namespace

std::vector<std::filesystem::path> with_state_folders(const Instance& instance, std::filesystem::path file) {
  const std::filesystem::path above = instance.state.parent_path();
  std::vector<std::filesystem::path> paths = {std::move(file), instance.state, above};
  if (instance.scope == Scope::project) paths.push_back(above.parent_path());
  return paths;
}

std::string mode_fix(const Error& error, const std::vector<std::filesystem::path>& paths, std::string otherwise) {
  if (error.code != Errc::file_unsafe) return otherwise;
  for (const std::filesystem::path& path : paths) {
    if (std::string fix = mode_fix_of(path); !fix.empty()) return fix;
  }
  return otherwise;
}

}  // namespace cordon::cli::doctor
