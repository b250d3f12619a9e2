// How systems keep the roots that all programs trust, as data.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/system_trust.hpp>

namespace cordon::ca {

/// A way in which Linux distributions do it: certificates are put into a folder, and a program makes a bundle of them.
struct TrustLayout {
  std::string_view system;
  std::string_view anchors;  ///< The folder for the certificates of the machine's owner.
  std::string_view suffix;   ///< Which files there count.
  std::string_view program;  ///< Its absolute path.
  std::string_view bundle;   ///< What it writes.
  std::string_view removal;  ///< What it has to be told when a certificate is gone; mostly nothing.
};

/// The known ways. Where a system has the marks of several, the first one counts.
std::span<const TrustLayout> trust_layouts() noexcept;

/// The one of the system below `root`: both its folder and its program are there. Null: none.
const TrustLayout* find_trust_layout(const std::filesystem::path& root);

/// `name` with every byte that is no letter, digit, `.`, `_` or `-` replaced, behind `cordon-`: fit for a file's name, also for
/// update programs that are shell scripts.
std::string anchor_name(std::string_view name);

// The commands of security(1) on macOS, for the settings of all users ("admin") and the System keychain.

std::vector<SystemCommand> security_trust(const std::filesystem::path& certificate);
std::vector<SystemCommand> security_untrust(const std::filesystem::path& certificate);
/// Succeeds when `certificate`, a root itself, is trusted, without asking the network.
SystemCommand security_verify(const std::filesystem::path& certificate);

}  // namespace cordon::ca
