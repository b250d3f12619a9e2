#include "service_choice.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include <cordon/control_client.hpp>

#include "text.hpp"

namespace cordon::cli {
namespace {

Result<ServiceStatus> service_of_config(const ServiceInstaller& installer, const Instance& instance) {
  auto found = installer.find(instance.config);
  if (found) return *std::move(found);
  return fail(Errc::file_missing, fmt::format("there is no service for {}", instance.config.string()));
}

Result<ServiceStatus> find_service(const Context& context, const ServiceInstaller& installer,
                                   const ServiceOptions& options) {
  const bool by_config = options.name.empty() || !options.target.config.empty() || !options.target.scope.empty();
  const auto instance = by_config ? resolve_instance(context, options.target) : Result<Instance>(Instance{});
  if (!instance) return std::unexpected(instance.error());
  if (options.name.empty()) return service_of_config(installer, *instance);
  auto status = installer.status(options.name);
  if (!status || !by_config || status->config == instance->config) return status;
  return fail(Errc::service_taken, fmt::format("the service {} is for {}, not for {}", options.name,
                                               status->config.string(), instance->config.string()));
}

}  // namespace

void add_service_options(CLI::App& app, ServiceOptions& options) {
  app.add_option("NAME", options.name, "The service's name (default: the one of the config)")->type_name("");
  add_target_options(app, options.target);
  app.add_flag("--json", options.json, "Report as JSON");
}

void add_service_timeout(CLI::App& app, ServiceOptions& options) {
  app.add_option("--timeout", options.timeout, "How long to wait until it serves (default: 60s)")
      ->type_name("TIME")
      ->check(check_duration);
}

Result<ServiceStatus> choose_service(const Context& context, const ServiceInstaller& installer,
                                     const ServiceOptions& options) {
  auto found = find_service(context, installer, options);
  if (found) return found;
  context.terminal.error(found.error().message());
  if (found.error().code != Errc::file_missing) return found;
  context.terminal.hint("the services there are: cordon service list");
  if (options.name.empty())
    context.terminal.hint(fmt::format("make one: {}", command_line("service install", options.target)));
  return found;
}

std::string service_command(std::string_view verb, std::string_view name) {
  return fmt::format("cordon service {} {}", verb, name);
}

ServiceInstaller::AwaitReady await_health(const Target& target, const ServiceOptions& options) {
  WaitOptions wait;
  wait.port = target.config.listen;
  wait.instance = target.instance.name;
  wait.timeout = parse_duration(options.timeout).value_or(wait.timeout);
  return [wait, target, timeout = options.timeout](const std::function<bool()>& given_up) -> Result<> {
    WaitOptions asking = wait;
    asking.interrupted = given_up;
    auto healthy = wait_until_healthy(asking);
    if (healthy || healthy.error().code != Errc::timed_out) return healthy;
    return fail(Errc::timed_out, not_ready_text(target, timeout, healthy.error()));
  };
}

void show_log_end(const Terminal& terminal, std::string_view log) {
  while (!log.empty()) {
    const std::string_view line = log.substr(0, log.find('\n'));
    log.remove_prefix(std::min(line.size() + 1, log.size()));
    if (!line.empty()) terminal.print_to_error(fmt::format("cordon: log: {}\n", without_controls(line)));
  }
}

Exit report_service_error(const Context& context, const Error& error) {
  context.terminal.error(error.message());
  if (error.code == Errc::service_failed)
    context.terminal.hint("what the service manager knows of services: cordon service list");
  return Exit::failed;
}

Exit exit_of(const std::optional<ServiceEnd>& end) {
  const bool no_store = end && !end->killed && end->number == static_cast<int>(Exit::store_unavailable);
  return no_store ? Exit::store_unavailable : Exit::failed;
}

}  // namespace cordon::cli
