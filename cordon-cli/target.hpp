// Which config file a command is about: --config and --scope, the instance that follows, and the loaded file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/instance.hpp>

#include "command.hpp"

namespace cordon::cli {

/// --config and --scope as they were given; at most one of them is.
struct TargetOptions {
  std::string config;
  std::string scope;
};

/// Declares -c/--config and --scope, which exclude each other.
void add_target_options(CLI::App& app, TargetOptions& options);

/// `cordon <command>` with the same --config or --scope, as a shell reads it. For hints.
std::string command_line(std::string_view command, const TargetOptions& options);

/// $XDG_CONFIG_HOME, or what stands in for it.
std::filesystem::path config_home(const Environment& environment);

/// The instance that the options name.
Result<Instance> resolve_instance(const Context& context, const TargetOptions& options);

/// The same when its config file is there, be it faulty: for what must work then, too. What is wrong is already reported
/// when nothing is returned.
std::optional<Instance> existing_instance(const Context& context, const TargetOptions& options);

/// An instance and its config file, valid.
struct Target {
  Instance instance;
  Config config;
  std::vector<ConfigFault> warnings;

  /// The CA's files: the instance's, or those that `[tls]` names.
  CaPaths ca_paths() const;
};

/// Resolves and loads. What is wrong is already reported when nothing is returned.
std::optional<Target> load_target(const Context& context, const TargetOptions& options);

/// What there is to say about a missing config file and what to do.
void report_missing_config(const Terminal& terminal, const Instance& instance);

}  // namespace cordon::cli
