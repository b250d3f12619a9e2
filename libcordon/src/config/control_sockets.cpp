#include "config/control_sockets.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace cordon {
namespace {

namespace fs = std::filesystem;

// sizeof sockaddr_un::sun_path less the NUL at its end.
#ifdef __APPLE__
constexpr std::size_t kMaxSocketPath = 103;
#else
constexpr std::size_t kMaxSocketPath = 107;
#endif
constexpr std::size_t kHashDigits = 8;
constexpr std::string_view kStateSocket = "control.sock";

/// The folders that hold nothing but sockets, the preferred one first.
std::vector<fs::path> socket_folders(const SocketFolders& folders) {
  std::vector<fs::path> out;
  for (const fs::path& runtime : {folders.runtime, folders.system_runtime})
    if (runtime.is_absolute()) out.push_back(runtime / "cordon");
  if (folders.temporary.is_absolute()) out.push_back(folders.temporary / fmt::format("cordon-{}", ::geteuid()));
  return out;
}

void append_sockets_in(const fs::path& folder, std::vector<fs::path>& out) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code gone;
    if (entry->path().extension() == ".sock" && fs::is_socket(fs::symlink_status(entry->path(), gone)))
      out.push_back(entry->path());
  }
}

void append_sockets_of_projects(const fs::path& projects, std::vector<fs::path>& out) {
  std::error_code error;
  for (fs::directory_iterator entry(projects, error), end; !error && entry != end; entry.increment(error))
    append_sockets_in(entry->path(), out);
}

fs::path absolute_path_in(const char* variable) {
  const char* value = std::getenv(variable);
  const fs::path path = value == nullptr ? fs::path() : fs::path(value);
  return path.is_absolute() ? path : fs::path();
}

}  // namespace

namespace config {

std::vector<fs::path> control_sockets(std::string_view name, const fs::path& state, const SocketFolders& folders) {
  // A project's name ends with the hash of its place.
  const std::string_view short_name = name.size() > kHashDigits ? name.substr(name.size() - kHashDigits) : name;
  const std::string file = fmt::format("{}.sock", short_name);
  std::vector<fs::path> out;
  for (const fs::path& folder : socket_folders(folders))
    out.push_back(folder / file);
  // Before those that are last resorts.
  out.insert(out.begin() + (folders.runtime.is_absolute() ? 1 : 0), state / kStateSocket);
  std::erase_if(out, [](const fs::path& path) { return path.native().size() > kMaxSocketPath; });
  return out;
}

}  // namespace config

std::vector<fs::path> find_control_sockets(const fs::path& config_home, const SocketFolders& folders) {
  std::vector<fs::path> out;
  for (const fs::path& folder : socket_folders(folders))
    append_sockets_in(folder, out);
  append_sockets_in(config_home / "cordon" / "user", out);
  append_sockets_of_projects(config_home / "cordon" / "projects", out);
  std::ranges::sort(out);
  const auto repeats = std::ranges::unique(out);
  out.erase(repeats.begin(), repeats.end());
  return out;
}

SocketFolders default_socket_folders() {
  SocketFolders folders;
  std::error_code error;
  // One that is missing is not ours to make.
  if (fs::path runtime = absolute_path_in("XDG_RUNTIME_DIR"); fs::is_directory(runtime, error))
    folders.runtime = std::move(runtime);
  if (fs::path runtime = fmt::format("/run/user/{}", ::geteuid());
      runtime != folders.runtime && fs::is_directory(runtime, error))
    folders.system_runtime = std::move(runtime);
  folders.temporary = fs::temp_directory_path(error);
  if (error) folders.temporary = "/tmp";
  return folders;
}

}  // namespace cordon
