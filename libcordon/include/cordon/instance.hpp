// File: instance.hpp
//
// An instance is one config file and everything that follows from its place: name, state folder, CA files, token file. Two
// config files never share any of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <cordon/error.hpp>

namespace cordon {

enum class Scope : unsigned char { project, user };

/// The files of a certificate authority.
struct CaPaths {
  std::filesystem::path cert;    ///< ca-cert.pem
  std::filesystem::path key;     ///< ca-key.pem, 0600
  std::filesystem::path bundle;  ///< combined-ca.pem: the system's roots and this CA
};

/// What the command line or a host program asks for.
struct InstanceRequest {
  std::optional<std::filesystem::path> config;  ///< --config; excludes `scope`.
  std::optional<Scope> scope;                   ///< --scope; project when neither is given.
  std::filesystem::path working_directory;      ///< Absolute.
  std::filesystem::path config_home;            ///< $XDG_CONFIG_HOME, or ~/.config. Absolute.
};

struct Instance {
  Scope scope = Scope::project;
  std::string name;                ///< The namespace: `user`, or `<dirname>-<hash8>`.
  std::filesystem::path config;    ///< Absolute; need not exist.
  std::filesystem::path state;     ///< The state folder, 0700; need not exist.
  CaPaths ca;                      ///< The default places; `[tls] ca_cert_path` overrides them.
  std::filesystem::path tokens;    ///< tokens.toml
  std::filesystem::path bindings;  ///< bindings.toml

  /// The instance that `request` names. Symlinks of the config's directory are resolved, those of the file never. Reads the
  /// file system, changes nothing. Thread-safe.
  /// @returns config_invalid when both config and scope are given, or the config's directory does not exist
  static Result<Instance> resolve(const InstanceRequest& request);
};

/// $XDG_CONFIG_HOME when it is an absolute path, else $HOME/.config, else below the home folder that the user database names.
std::filesystem::path default_config_home();

}  // namespace cordon
