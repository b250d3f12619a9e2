// The built-in sources behind SecretStore. Each is a SecretSource that gets only references of its own kind.
#pragma once

#include <sys/resource.h>

#include <memory>
#include <optional>

#include <cordon/secret_store.hpp>

namespace cordon::secrets {

/// What helper programs are run with. Outlives the sources that refer to it; constant once the store is shared.
struct HelperSettings {
  Environment environment;  ///< The store's; helper_environment() chooses from it.
  std::optional<rlimit> descriptor_limit;
};

/// EnvRef: a variable of `environment`. Immediate.
std::unique_ptr<SecretSource> make_env_source(const Environment& environment);

/// FileRef: the content of a file that only its owner can read (a root-owned one also a group, as systemd's credentials
/// and mounted secrets are). Kept in memory and read again when the file changes: an unchanged one costs a stat().
/// Immediate.
std::unique_ptr<SecretSource> make_file_source();

/// CommandRef: the first line that a program prints. Its exit code is shown in errors, its output never.
std::unique_ptr<SecretSource> make_command_source(const HelperSettings& settings);

/// OnePasswordRef: a field of an item, from 1Password's `op item get`. `provider` says where `op` is and how long it may
/// take. What `op` says is never shown; its failures are told apart by known words on its standard error.
std::unique_ptr<SecretSource> make_onepassword_source(const HelperSettings& settings, SecretProvider provider);

/// KeyringRef: an entry of the system's keyring.
std::unique_ptr<SecretSource> make_keyring_source();

}  // namespace cordon::secrets
