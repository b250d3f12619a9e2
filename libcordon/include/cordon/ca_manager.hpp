// File: ca_manager.hpp
//
// The local certificate authority: its files, the leaf certificates that intercepted connections show, and the bundle that
// clients use in place of the system's roots.
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
  /// Loads the CA at `paths`, or creates it when neither of its files exists: the folder 0700, the key 0600, each file
  /// written whole under another name and renamed. Two processes may race: both end with the same CA.
  /// @returns file_unsafe (key readable by others, a symlink, another owner: the context has the command to run), ca_invalid
  /// (unreadable, not a pair, ended, or only one of the two exists), file_failed
  static Result<CaManager> open(const CaPaths& paths, CaOptions options = {});

  CaManager(CaManager&&) noexcept;
  CaManager& operator=(CaManager&&) noexcept;
  ~CaManager();

  const CaPaths& paths() const noexcept;
  std::string certificate_pem() const;
  std::chrono::system_clock::time_point not_after() const;

  /// The certificate and key to show for `host` (canonical name or IP literal): made on first use, kept in memory only,
  /// made anew before it ends. At most 1,024 are kept, the least recently used dropped first.
  Result<std::shared_ptr<const tls::Identity>> leaf(std::string_view host) const;

  /// Writes the combined bundle when the system's roots or this CA have changed since. @returns whether it was written
  Result<bool> refresh_bundle() const;

 private:
  struct Impl;
  explicit CaManager(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon
