// What `trust`, `ca` and `doctor` share: an instance's CA and the system's list of roots.
#pragma once

#include <string>

#include <cordon/ca_manager.hpp>
#include <cordon/instance.hpp>
#include <cordon/system_trust.hpp>

namespace cordon::cli {

/// The instance's place in the system's list, apart from those of other instances and of other users.
Result<SystemTrust> system_trust_of(const Instance& instance);

/// Its state in words, such as `trusted`, for what is meant to be read by programs too; `unknown` when it cannot be told.
std::string system_state_name(const Instance& instance, const CaInfo& ca);

/// `2036-11-20T03:04:05Z`, and `2036-11-20`.
std::string time_text(std::chrono::system_clock::time_point time);
std::string date_text(std::chrono::system_clock::time_point time);

}  // namespace cordon::cli
