#include <cordon/instance.hpp>

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <cordon/fingerprint.hpp>

#include "base/files.hpp"
#include "config/control_sockets.hpp"
#include "config/text.hpp"
#include "config/trusted_folder.hpp"

namespace cordon {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kConfigName = "cordon.toml";
constexpr std::size_t kMaxBaseName = 32;

std::string hash8(std::string_view text) {
  return fingerprint(text).substr(0, 8);
}

bool is_plain(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

std::string plain_name(std::string_view name) {
  std::string out(name.substr(0, kMaxBaseName));
  std::ranges::replace_if(
      out, [](char c) { return !is_plain(c); }, '_');
  return out.empty() ? "root" : out;  // only `/` has no name
}

std::string namespace_of(const fs::path& config) {
  const fs::path folder = config.parent_path();
  if (config.filename() == kConfigName) {
    return fmt::format("{}-{}", plain_name(folder.filename().native()), hash8(folder.native()));
  }
  const std::string whole = folder.native() + "/" + config.filename().native();
  return fmt::format("{}-{}", plain_name(config.stem().native()), hash8(whole));
}

/// `path` with the symlinks of its folder resolved, as far as the folder exists.
fs::path resolve_what_exists(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(path.parent_path(), error);
  return error ? path : folder / path.filename();
}

Instance make_instance(Scope scope, std::string name, fs::path config, const InstanceRequest& request) {
  const fs::path home = request.config_home / "cordon";
  const fs::path state = scope == Scope::user ? home / "user" : home / "projects" / name;
  const fs::path certs = state / "certs";
  auto sockets = config::control_sockets(name, state, request.socket_folders);
  return {.scope = scope,
          .name = std::move(name),
          .config = std::move(config),
          .state = state,
          .ca = {.cert = certs / "ca-cert.pem", .key = certs / "ca-key.pem", .bundle = certs / "combined-ca.pem"},
          .tokens = state / "tokens.toml",
          .bindings = state / "bindings.toml",

          .control_sockets = std::move(sockets)};
}

/// `path` with the symlinks of its folder resolved and its own name kept.
Result<fs::path> resolve_folder(const fs::path& path) {
  const fs::path name = path.filename();
  std::error_code error;
  if (name.empty() || name == "." || name == ".." || fs::is_directory(path, error)) {
    return fail(Errc::config_invalid,
                fmt::format("{} is a folder: name the file in it, such as {}", config::printable(path.native()),
                            config::printable((path / kConfigName).native())));
  }
  const fs::path folder = fs::canonical(path.parent_path(), error);
  if (error || !fs::is_directory(folder, error)) {
    return fail(Errc::config_invalid, fmt::format("the folder {} does not exist: create it, or give another --config",
                                                  config::printable(path.parent_path().native())));
  }
  return folder / name;
}

Result<> check_request(const InstanceRequest& request) {
  if (request.config && request.scope) {
    return fail(Errc::config_invalid, "--config and --scope exclude each other: give one of them");
  }
  if (!request.config_home.is_absolute()) {
    return fail(Errc::config_invalid, "the home folder is not known: set HOME or XDG_CONFIG_HOME to an absolute path");
  }
  if (!request.working_directory.is_absolute()) {
    return fail(Errc::config_invalid, "the working directory must be an absolute path");
  }
  return {};
}

fs::path variable_path(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? fs::path() : fs::path(value);
}

/// The home folder that the user database names; empty when it names none.
fs::path database_home() {
  std::vector<char> buffer(16'384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir == nullptr ? fs::path() : fs::path(found->pw_dir);
}

}  // namespace

Result<Instance> Instance::resolve(const InstanceRequest& request) {
  if (auto checked = check_request(request); !checked) return std::unexpected(checked.error());
  const fs::path user_config = resolve_what_exists(request.config_home / "cordon" / kConfigName);
  const fs::path asked = request.working_directory / request.config.value_or(kConfigName);
  // One file is one instance, whichever way it was named.
  if (request.scope == Scope::user || resolve_what_exists(asked) == user_config) {
    return make_instance(Scope::user, "user", user_config, request);
  }
  auto config = resolve_folder(asked);
  if (!config) return std::unexpected(config.error());
  std::string name = namespace_of(*config);
  return make_instance(Scope::project, std::move(name), *std::move(config), request);
}

Result<> check_state_folder(const Instance& instance) {
  auto checked = base::check_private_folder(instance.state);
  if (!checked && checked.error().code != Errc::file_missing) return checked;
  const fs::path above = instance.state.parent_path();
  if (instance.scope == Scope::project) {
    if (auto safe = config::check_trusted_folder(above); !safe) return safe;
  }
  return config::check_trusted_folder(instance.scope == Scope::project ? above.parent_path() : above);
}

std::filesystem::path default_config_home() {
  if (fs::path home = variable_path("XDG_CONFIG_HOME"); home.is_absolute()) return home;
  if (const fs::path home = variable_path("HOME"); home.is_absolute()) return home / ".config";
  const fs::path home = database_home();
  return home.is_absolute() ? home / ".config" : fs::path();
}

}  // namespace cordon
