// File: instance.hpp
//
// An instance is one config file and everything that follows from its place: name, state folder, CA files, token file. Two
// config files never share any of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <cordon/error.hpp>

namespace cordon {

enum class Scope : unsigned char { project, user };

/// The files of a certificate authority.
struct CaPaths {
  std::filesystem::path cert;    ///< ca-cert.pem
  std::filesystem::path key;     ///< ca-key.pem, 0600
  std::filesystem::path bundle;  ///< combined-ca.pem: the system's roots and this CA
};

/// Folders outside of the state folder in which a control socket may lie.
struct SocketFolders {
  std::filesystem::path runtime;         ///< $XDG_RUNTIME_DIR. Empty or relative: none.
  std::filesystem::path system_runtime;  ///< What a login session would have there, tried last. Empty: none.
  std::filesystem::path temporary;       ///< For paths that are too long. Empty: none.
};

/// What the command line or a host program asks for.
struct InstanceRequest {
  std::optional<std::filesystem::path> config;  ///< --config; excludes `scope`.
  std::optional<Scope> scope;                   ///< --scope; project when neither is given.
  std::filesystem::path working_directory;      ///< Absolute.
  std::filesystem::path config_home;            ///< $XDG_CONFIG_HOME, or ~/.config. Absolute.
  SocketFolders socket_folders = {};            ///< Where control sockets may lie besides the state folder.
};

struct Instance {
  Scope scope = Scope::project;
  std::string name;                ///< The namespace: `user`, or `<dirname>-<hash8>`.
  std::filesystem::path config;    ///< Absolute; need not exist.
  std::filesystem::path state;     ///< The state folder, 0700; need not exist.
  CaPaths ca;                      ///< The default places; `[tls] ca_cert_path` overrides them.
  std::filesystem::path tokens;    ///< tokens.toml
  std::filesystem::path bindings;  ///< bindings.toml
  /// Where the control socket of a running instance may be, the preferred place first. None is over the system's limit
  /// for the path of a socket. Each lies in a folder that is only for such sockets or for state.
  std::vector<std::filesystem::path> control_sockets;

  /// The instance that `request` names. Symlinks of the config's directory are resolved, those of the file never. Reads the
  /// file system, changes nothing. Thread-safe.
  /// @returns config_invalid when both config and scope are given, or the config's directory does not exist
  static Result<Instance> resolve(const InstanceRequest& request);
};

/// Whether the state folder is one that only its owner can change; one that does not exist yet is.
/// @returns file_unsafe (a link, another owner, writable by others: the context has the command to run), file_failed
Result<> check_state_folder(const Instance& instance);

/// The control sockets of all instances of this user, running or not, whatever config they belong to: what lies in the folders
/// where Instance::resolve would put one. Ordered, without repeats; what cannot be read is left out.
std::vector<std::filesystem::path> find_control_sockets(const std::filesystem::path& config_home,
                                                        const SocketFolders& folders);

/// From $XDG_RUNTIME_DIR and /run/user/<uid>, where they exist, and $TMPDIR or the system's folder for temporary files.
SocketFolders default_socket_folders();

/// $XDG_CONFIG_HOME when it is an absolute path, else $HOME/.config, else below the home folder that the user database names.
std::filesystem::path default_config_home();

}  // namespace cordon
