// File: system_trust.hpp
//
// The list of roots that the whole system trusts, and how a CA gets into it and out again. Nothing in the library changes it
// by itself: a host shows its user the commands of a plan, and runs them when the user agrees.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

namespace cordon {

/// A program, named by its absolute path, and its arguments.
using SystemCommand = std::vector<std::string>;

/// `command` as a POSIX shell reads it.
std::string to_string(const SystemCommand& command);

enum class SystemTrustState : unsigned char {
  absent,
  trusted,
  other,  ///< Under this name another certificate is trusted: an older CA of the same instance.
};

/// The system's list of roots, as far as one CA is concerned. Const calls may come from any thread.
class SystemTrust {
 public:
  /// Finds out how this system keeps its roots, by which folder and which program it has: Debian's, Fedora's, Arch's or
  /// SUSE's way, or macOS's. The CA goes by `name` there, such as the instance's and its user's; of its bytes only letters, digits,
  /// `.`, `_` and `-` are kept. `root` stands for `/`, for images and tests. Blocks on the disk.
  /// @returns not_supported when it is none of them
  static Result<SystemTrust> find(std::string_view name, const std::filesystem::path& root = "/");

  /// Which way it is, such as `Debian`.
  std::string_view system() const noexcept { return system_; }

  /// Where the CA's certificate lies when it is trusted; empty where that is not a file.
  const std::filesystem::path& anchor() const noexcept { return anchor_; }

  /// Whether the system trusts the certificate `pem`. Blocks on the disk; on macOS for up to 10 s on a program.
  /// @returns file_failed, timed_out
  Result<SystemTrustState> state(std::string_view pem) const;

  /// What makes the system trust the certificate in the file `certificate`, or no longer trust what goes by the name. Both need root,
  /// and do no harm when there is nothing to do.
  std::vector<SystemCommand> plan_trust(const std::filesystem::path& certificate) const;
  std::vector<SystemCommand> plan_untrust(const std::filesystem::path& certificate) const;

 private:
  SystemTrust() = default;

  std::string_view system_;
  std::filesystem::path anchor_;
  std::filesystem::path bundle_;  ///< What the update program makes of all anchors.
  SystemCommand update_;          ///< Run when a certificate has come,
  SystemCommand removal_;         ///< and when one has gone.
};

/// Runs a command of a plan. Blocks for at most two minutes.
/// @returns file_missing or file_failed (it cannot be started, or failed: the context has its last words), timed_out
Result<> run_system_command(const SystemCommand& command);

}  // namespace cordon
