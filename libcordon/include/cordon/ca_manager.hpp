// File: ca_manager.hpp
//
// The local certificate authority: its files, the leaf certificates that intercepted connections show, and the bundle
// that clients use in place of the system's roots.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
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
  /// context has the command to run), ca_invalid (unreadable, not a pair, ended, or a certificate without its key: the
  /// context has the files to delete), file_failed
  static Result<CaManager> open(const CaPaths& paths, CaOptions options = {});

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

  /// Writes the combined bundle, 0644, when the system's roots or this CA have changed since. Blocks on the disk.
  /// @returns whether it was written; file_missing when the system has no roots, file_failed
  Result<bool> refresh_bundle() const;

 private:
  struct Impl;
  explicit CaManager(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon
