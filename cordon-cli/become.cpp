#include "become.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace cordon::cli {
namespace {

/// Whether no folder of PATH has such a file that can be seen. A folder that is closed to us has execvp(3) say EACCES, whether or not
/// the program is there.
bool is_nowhere(const std::string& program) {
  const char* path = std::getenv("PATH");
  if (path == nullptr || program.find('/') != std::string::npos) return false;
  for (std::string_view rest = path;;) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::path(folder) / program, ignored)) return false;
    if (folder.size() == rest.size()) return true;
    rest.remove_prefix(folder.size() + 1);
  }
}

}  // namespace

int become(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (const std::string& argument : command)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  const int error = errno;
  return error == EACCES && is_nowhere(command[0]) ? ENOENT : error;
}

}  // namespace cordon::cli
