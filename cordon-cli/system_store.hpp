// What `trust`, `ca` and `doctor` share: an instance's CA, the files that the config names for it, and the system's list of roots.
#pragma once

#include <string>

#include <cordon/ca_manager.hpp>
#include <cordon/instance.hpp>
#include <cordon/system_trust.hpp>

#include "target.hpp"

namespace cordon::cli {

/// The instance's place in the system's list, apart from those of other instances and of other users.
Result<SystemTrust> system_trust_of(const Instance& instance);

/// Its state in words, such as `trusted`, for what is meant to be read by programs too; `unknown` when it cannot be told.
std::string system_state_name(const Instance& instance, const CaInfo& ca);

/// Whether `[tls]` names other files for the CA than the instance's own. Whoever edits the config chose them then.
bool names_ca(const Target& target);

/// Warns when a project's config names the CA's files: programs that use the bundle trust that CA. Blocks on the disk.
void warn_of_named_ca(const Terminal& terminal, const Target& target);

/// Whether the system trusts `ca` by nothing but its certificate, as macOS does: what replaces that file leaves it trusted, with
/// nothing to take it out by. Blocks as SystemTrust::state.
bool is_trusted_by_content(const Instance& instance, const CaInfo& ca);

/// Puts a new CA in the place of the target's. Files that the config names are replaced only where they are a CA of Cordon's with
/// its key: any two files of the owner's could be named. @returns as CaManager::rotate
Result<CaManager> replace_ca(const Target& target);

/// `2036-11-20T03:04:05Z`, and `2036-11-20`.
std::string time_text(std::chrono::system_clock::time_point time);
std::string date_text(std::chrono::system_clock::time_point time);

}  // namespace cordon::cli
