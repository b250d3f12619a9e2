// Which background service a command is about, and waiting for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <cordon/service_installer.hpp>

#include "command.hpp"
#include "target.hpp"
#include "wait_options.hpp"

namespace cordon::cli {

/// What the commands of the group have in common.
struct ServiceOptions {
  TargetOptions target;
  std::string name;
  std::string timeout = "60s";
  bool json = false;
};

/// Declares NAME, --config, --scope and --json.
void add_service_options(CLI::App& app, ServiceOptions& options);

/// Declares --timeout.
void add_service_timeout(CLI::App& app, ServiceOptions& options);

/// The service that NAME, --config or --scope names. @returns what is wrong, already reported: file_missing when there is no such
/// service, service_taken when NAME is another config's
Result<ServiceStatus> choose_service(const Context& context, const ServiceInstaller& installer,
                                     const ServiceOptions& options);

/// `cordon service <verb> <name>`, for hints.
std::string service_command(std::string_view verb, std::string_view name);

/// Waits for /health of the target's instance, at most the options' timeout.
ServiceInstaller::AwaitReady await_health(const Target& target, const ServiceOptions& options);

/// The end of a service's log, line by line to standard error.
void show_log_end(const Terminal& terminal, std::string_view log);

/// Says what is wrong, and what to do about it where that is not in the error.
Exit report_service_error(const Context& context, const Error& error);

/// The exit status for a service that ended like that: 4 where its store was not available.
Exit exit_of(const std::optional<ServiceEnd>& end);

}  // namespace cordon::cli
