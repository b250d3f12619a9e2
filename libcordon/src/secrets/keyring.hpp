// The system's keyring, behind the one narrow interface that each platform implements; all else about it is here and in
// keyring.cpp, the same everywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>

#include <cordon/secret_store.hpp>

namespace cordon::secrets {

/// Why a keyring did not do what it was asked. keyring.cpp has a code and a sentence for each.
enum class KeyringFault : std::uint8_t {
  missing,        ///< It answers and has no such entry.
  locked,         ///< The entry, or the collection that it would be in, is locked.
  no_bus,         ///< Linux: there is no session bus.
  no_service,     ///< Linux: nobody on the bus offers a keyring.
  no_collection,  ///< There is no keyring to store a new entry in.
  refused,        ///< The user or the keyring said no.
  timed_out,      ///< The deadline passed.
  bad_name,       ///< The service or the account is not text that a keyring can have as a name.
  failed,         ///< Anything else.
};

/// Entries by service and account. Implementations hold no value between two calls. All calls may come from several threads
/// at once and block until `deadline` at most.
class Keyring {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  template <class T = void>
  using Outcome = std::expected<T, KeyringFault>;

  virtual ~Keyring() = default;

  /// The entry's value as it is stored. Where several entries fit, the one changed last. Never asks the user to unlock.
  virtual Outcome<Secret> look_up(const KeyringRef& ref, Deadline deadline) const = 0;

  /// Makes the entry, or replaces its value.
  virtual Outcome<> store(const KeyringRef& ref, const Secret& value, Deadline deadline) const = 0;

  /// Removes every entry that fits.
  virtual Outcome<> remove(const KeyringRef& ref, Deadline deadline) const = 0;
};

/// The keyring of this platform: keyring_linux.cpp or keyring_macos.cpp. Asks it nothing yet.
std::unique_ptr<Keyring> system_keyring();

/// KeyringRef: an entry of `keyring`, decoded as the reference says.
std::unique_ptr<SecretSource> make_keyring_source(std::unique_ptr<Keyring> keyring);

}  // namespace cordon::secrets
