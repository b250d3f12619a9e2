// What the checks of `cordon doctor` are given and find.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/ca_manager.hpp>

#include "command.hpp"
#include "target.hpp"

namespace cordon::cli::doctor {

enum class Verdict : std::uint8_t { ok, warning, failure, skipped };

struct Finding {
  std::string check;    ///< What was looked at, such as `ca key`; the same words every time.
  std::string subject;  ///< Which one of several, such as a route's name; mostly empty.
  Verdict verdict = Verdict::ok;
  std::string detail;    ///< What was found.
  std::string fix = {};  ///< A command, or else what to do. Empty where nothing is to be done.
};

using Findings = std::vector<Finding>;

/// The instance that is examined.
struct Patient {
  const Context& context;
  const TargetOptions& options;
  Instance instance;
  std::optional<Target> target;          ///< Nothing when the config cannot be used.
  std::vector<ConfigFault> faults;       ///< Why.
  std::optional<Result<CaInfo>> ca;      ///< Nothing without a config, and when TLS is off.
  bool healthy = false;                  ///< The instance runs and answers.
  std::uint64_t helper_descriptors = 0;  ///< What helper programs may have open.

  const Config& config() const { return target->config; }
  /// `cordon <words>` for this instance.
  std::string command(std::string_view words) const { return command_line(words, options); }
};

/// For file_unsafe: the `chmod` for the first of `paths` that is this user's and that others can get at. Else `otherwise`.
std::string mode_fix(const Error& error, const std::vector<std::filesystem::path>& paths, std::string otherwise);

/// A file of the state folder, and the folders that it is safe by.
std::vector<std::filesystem::path> with_state_folders(const Instance& instance, std::filesystem::path file);

// The checks. Each blocks for as long as what it asks takes, and finds nothing where a config has nothing of its kind; only those
// of the config, of the state folder and of the service may be called without a config.

Findings check_config(const Patient& patient);
Findings check_state(const Patient& patient);
Findings check_bindings(const Patient& patient);
Findings check_ca(const Patient& patient);
Findings check_port(const Patient& patient);
Findings check_listener_ports(const Patient& patient);
Findings check_tokens(const Patient& patient);
Findings check_secrets(const Patient& patient);
Findings check_origins(const Patient& patient);
Findings check_servers(const Patient& patient);
Findings check_service(const Patient& patient);
Findings check_system_trust(const Patient& patient);
Findings check_environment(const Patient& patient);

}  // namespace cordon::cli::doctor
