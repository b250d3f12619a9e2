#include <unistd.h>

#include <system_error>
#ifdef __APPLE__
#include <libproc.h>

#include <array>
#endif

#include <cordon/service_installer.hpp>

#include "base/process.hpp"

namespace cordon {
namespace {

namespace fs = std::filesystem;

fs::path running_file() {
#ifdef __APPLE__
  std::array<char, PROC_PIDPATHINFO_MAXSIZE> path{};
  return ::proc_pidpath(::getpid(), path.data(), path.size()) > 0 ? fs::path(path.data()) : fs::path();
#else
  std::error_code error;
  fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : path;
#endif
}

}  // namespace

Result<fs::path> current_program(const Environment& environment) {
  const fs::path file = running_file();
  std::error_code error;
  if (file.empty() || !fs::exists(file, error))
    return fail(Errc::file_missing,
                "the file of the running program cannot be found: it may have been replaced or removed");
  const auto path = environment.find("PATH");
  if (path != environment.end()) {
    const auto found = base::find_program(file.filename().native(), path->second);
    if (found && fs::equivalent(*found, file, error)) return *found;
  }
  return file;
}

}  // namespace cordon
