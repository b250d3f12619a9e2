// File: secret_store.hpp
//
// The one door to secrets. A SecretStore takes a SecretRef and brings the Secret from where its owner keeps it: the
// system's keyring, the environment, a file, a helper program, or a store that the host program plugs in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>
#include <cordon/secret.hpp>

namespace cordon {

/// Whether a fetch returns at once or may wait for another program, a bus or the network.
enum class FetchCost : unsigned char { immediate, may_block };

/// A place that secrets come from. Implement it to plug in a store of your own (SecretStore::plug).
class SecretSource {
 public:
  virtual ~SecretSource() = default;

  /// The secret that `ref` names, unchecked and untrimmed; or secret_missing, secret_invalid, secret_timeout,
  /// store_unavailable, file_unsafe, file_failed. Called from several threads at once; returns by `deadline` when it may block.
  virtual Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const = 0;

  virtual FetchCost cost() const noexcept = 0;

  // A store that can also be written to implements these three; by default it cannot.

  /// Whether put and remove can do anything for `ref`; not_supported, with what to do instead, when not. At once.
  virtual Result<> can_change(const SecretRef& /*ref*/) const { return fail(Errc::not_supported); }

  /// Makes the secret that `ref` names, or gives it a new value, which has passed fetch's rules. As fetch.
  virtual Result<> put(const SecretRef& /*ref*/, const Secret& /*value*/,
                       std::chrono::steady_clock::time_point /*deadline*/) const {
    return fail(Errc::not_supported);
  }

  /// Removes it; secret_missing when there is none. As fetch.
  virtual Result<> remove(const SecretRef& /*ref*/, std::chrono::steady_clock::time_point /*deadline*/) const {
    return fail(Errc::not_supported);
  }
};

/// The environment that a store looks things up in: a copy, so that later changes of the process's own do not matter.
using Environment = std::map<std::string, std::string, std::less<>>;

/// The calling process's environment, copied. Not thread-safe against setenv.
Environment current_environment();

/// What is known of a secret that the proxy keeps in memory; never its value.
struct SecretStatus {
  std::string source;                                            ///< describe() of its reference.
  bool held = false;                                             ///< A value is in memory.
  std::optional<std::chrono::system_clock::time_point> fetched;  ///< When the last successful fetch ended.
  std::optional<std::chrono::milliseconds> took;                 ///< How long it took.
  std::optional<Error> last_error;                               ///< Of the last fetch, when it failed.
  std::optional<std::chrono::system_clock::time_point> failed;   ///< When that was.
};

/// All sources behind one call. Movable; all const members may be called from any thread.
class SecretStore {
 public:
  /// A store with the built-in sources. Helper programs are looked up in the PATH of `environment` as they are needed and run
  /// by absolute path, with an allow-list of its variables.
  static SecretStore create(const SecretsConfig& config, Environment environment = current_environment());

  SecretStore(SecretStore&&) noexcept;
  SecretStore& operator=(SecretStore&&) noexcept;
  ~SecretStore();

  /// Makes PluggedRefs whose source is `source` go to `implementation`. Before the store is shared with other threads.
  void plug(std::string source, std::unique_ptr<SecretSource> implementation);

  /// Gives helper programs this soft limit on open descriptors, for a host that has raised its own: programs that use
  /// select() fail beyond 1,024. Before the store is shared with other threads.
  void limit_helper_descriptors(std::uint64_t soft_limit);

  /// The secret that `ref` names, one trailing newline (LF or CR LF) trimmed. Errors: as SecretSource::fetch; secret_invalid
  /// when empty, over 64 KiB or with CR, LF or NUL; internal. Blocks for at most `deadline`, if at all. Thread-safe.
  Result<Secret> fetch(const SecretRef& ref, std::chrono::milliseconds deadline) const;

  /// Whether put and remove work for `ref`: entries of the system's keyring, and what a plugged-in store says. not_supported
  /// with what to do instead, or store_unavailable (nothing is plugged in). Thread-safe, asks no store.
  Result<> can_change(const SecretRef& ref) const;

  /// Stores `value` as the secret that `ref` names, in place of the one that is there. It must pass the rules of fetch, and is
  /// stored without its trailing newline. Blocks for up to a minute: a keyring may ask its user. Thread-safe.
  /// @returns as can_change; secret_invalid, secret_timeout, store_unavailable
  Result<> put(const SecretRef& ref, const Secret& value) const;

  /// Removes the secret that `ref` names. Blocks as put does. Thread-safe.
  /// @returns as can_change; secret_missing, secret_timeout, store_unavailable
  Result<> remove(const SecretRef& ref) const;

  /// How long a fetch of `ref` may take when nobody says otherwise: the reference's, the provider's, or 15 s.
  std::chrono::milliseconds default_deadline(const SecretRef& ref) const;

  FetchCost cost(const SecretRef& ref) const noexcept;

 private:
  struct Impl;
  explicit SecretStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon
