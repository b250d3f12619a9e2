// File: ca_manager.hpp
//
// The local certificate authority: its files, the leaf certificates that intercepted connections show, and the bundle
// that clients use in place of the system's roots.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <cordon/error.hpp>
#include <cordon/instance.hpp>

namespace cordon {

namespace tls {
class Identity;
}

struct CaOptions {
  std::string label;  ///< Goes into the CA's name beside the host's, such as the instance's name.
  std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

/// A certificate authority in memory. Movable; const calls may come from any thread.
class CaManager {
 public:
  /// Loads the CA at `paths`, or creates it when neither of its files exists: the folder 0700, the key 0600 and first,
  /// then the certificate, each written whole under another name and renamed. A key alone, as a killed process leaves
  /// it, gets a new certificate. Processes may race: all end with the same CA. Blocks on the disk.
  /// @returns file_unsafe (a key readable by others, a symlink, another owner, a folder that others can write: the
  /// context has the command to run), ca_invalid (unreadable, not a pair, ended, or a certificate without its key: rotate
  /// replaces it), file_failed
  static Result<CaManager> open(const CaPaths& paths, CaOptions options = {});

  /// Puts a new CA in the place of the one at `paths`, usable or not, or makes the first one. Until the new one is whole the
  /// old one stays; a process that is killed on the way leaves the one or the other to open. The bundle is left as it is.
  /// Blocks on the disk.
  /// @returns the new CA; not_supported when the certificate is not of Cordon's making, file_unsafe, file_failed
  static Result<CaManager> rotate(const CaPaths& paths, CaOptions options = {});

  CaManager(CaManager&&) noexcept;
  CaManager& operator=(CaManager&&) noexcept;
  ~CaManager();

  const CaPaths& paths() const noexcept;
  std::string certificate_pem() const;  ///< From memory, whatever has become of the file.
  std::chrono::system_clock::time_point not_after() const;

  /// The certificate and key to show for `host` (canonical name or IP literal): made on first use, kept in memory only,
  /// made anew a day before it ends. At most 1,024 are kept, the least recently used dropped first. Meant for once a
  /// connection: it takes a lock for the look-up, though never while it makes one (about 0.1 ms).
  /// @returns bad_request when `host` is not canonical, ca_invalid when the CA has ended meanwhile
  Result<std::shared_ptr<const tls::Identity>> leaf(std::string_view host) const;

  /// The same for this machine's own names: `localhost`, `127.0.0.1` and `::1` in one certificate, for listeners.
  Result<std::shared_ptr<const tls::Identity>> loopback_leaf() const;

  /// Writes the combined bundle, 0644, when the system's roots or this CA have changed since. Blocks on the disk.
  /// @returns whether it was written; file_missing when the system has no roots, file_failed
  Result<bool> refresh_bundle() const;

 private:
  struct Impl;
  explicit CaManager(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What lies on the disk of a CA.
struct CaInfo {
  std::string subject;  ///< On one line, such as `O = Cordon local CA, CN = Cordon user on laptop`.
  std::string sha256;   ///< The certificate's fingerprint, as `AB:CD:...`.
  std::chrono::system_clock::time_point not_before, not_after;
  bool made_by_cordon = false;
  std::string pem;                   ///< The certificate.
  std::optional<unsigned> key_mode;  ///< None: there is no key.
  Result<>
      key;  ///< Whether it is usable: file_missing, file_unsafe, ca_invalid (unreadable, or of another certificate).
};

/// Looks at the CA at `paths` and changes nothing. Blocks on the disk.
/// @returns file_missing when there is no certificate, ca_invalid when it cannot be read, file_unsafe, file_failed
Result<CaInfo> inspect_ca(const CaPaths& paths);

enum class BundleState : unsigned char {
  current,
  missing,
  without_ca,  ///< The CA is not in it: clients that use it trust no intercepted connection.
  outdated,    ///< The CA is in it, but the system's roots have changed since.
};

/// Compares the combined bundle with what refresh_bundle would write. Blocks on the disk.
/// @returns as inspect_ca; file_missing also when the system has no roots
Result<BundleState> check_bundle(const CaPaths& paths);

}  // namespace cordon
