#include "target.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <system_error>

#include "choices.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

void report_faults(const Terminal& terminal, const Instance& instance, const std::vector<ConfigFault>& faults) {
  for (const ConfigFault& fault : faults)
    terminal.error(fault.to_string());
  terminal.hint(fmt::format("{} in {}; mend {} and run the command again", counted(faults.size(), "fault"),
                            instance.config.string(), faults.size() == 1 ? "it" : "them"));
}

}  // namespace

void add_target_options(CLI::App& app, TargetOptions& options) {
  auto* config = app.add_option("-c,--config", options.config, "The config file (default: ./cordon.toml)");
  config->type_name("PATH");
  auto* scope =
      app.add_option("--scope", options.scope, "project (./cordon.toml) or user (~/.config/cordon/cordon.toml)");
  scope->type_name("SCOPE")->check(one_of({"project", "user"}))->excludes(config);
}

std::string command_line(std::string_view command, const TargetOptions& options) {
  std::string line = fmt::format("cordon {}", command);
  if (!options.config.empty()) line += " --config " + shell_quoted(options.config);
  if (!options.scope.empty()) line += " --scope " + options.scope;
  return line;
}

std::filesystem::path config_home(const Environment& environment) {
  const auto xdg = environment.find("XDG_CONFIG_HOME");
  if (xdg != environment.end() && xdg->second.starts_with('/')) return xdg->second;
  return default_config_home();
}

Result<Instance> resolve_instance(const Context& context, const TargetOptions& options) {
  InstanceRequest request;
  if (!options.config.empty()) request.config = options.config;
  if (!options.scope.empty()) request.scope = options.scope == "user" ? Scope::user : Scope::project;
  request.working_directory = context.working_directory;
  request.config_home = config_home(context.environment);
  request.socket_folders = default_socket_folders();
  return Instance::resolve(request);
}

CaPaths Target::ca_paths() const {
  CaPaths paths = instance.ca;
  if (config.tls.ca_cert_path) paths.cert = *config.tls.ca_cert_path;
  if (config.tls.ca_key_path) paths.key = *config.tls.ca_key_path;
  return paths;
}

std::optional<Instance> existing_instance(const Context& context, const TargetOptions& options) {
  auto instance = resolve_instance(context, options);
  if (!instance) {
    context.terminal.error(instance.error().message());
    return std::nullopt;
  }
  std::error_code ignored;
  if (std::filesystem::exists(std::filesystem::symlink_status(instance->config, ignored))) return std::move(*instance);
  report_missing_config(context.terminal, *instance);
  return std::nullopt;
}

std::optional<Target> load_target(const Context& context, const TargetOptions& options) {
  auto instance = existing_instance(context, options);
  if (!instance) return std::nullopt;
  auto loaded = Config::load(instance->config);
  if (!loaded) {
    report_faults(context.terminal, *instance, loaded.error());
    return std::nullopt;
  }
  return Target{std::move(*instance), std::move(loaded->config), std::move(loaded->warnings)};
}

void report_missing_config(const Terminal& terminal, const Instance& instance) {
  terminal.error(fmt::format("there is no config file {}", instance.config.string()));
  if (instance.scope == Scope::project)
    terminal.hint("go to the folder that has a cordon.toml, or name the file with --config PATH");
  terminal.hint("a first config file is made by `cordon setup`; `cordon demo` needs none");
}

}  // namespace cordon::cli
