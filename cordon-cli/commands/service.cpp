// cordon service: the background services, once they are installed.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "command.hpp"
#include "json_output.hpp"
#include "service_choice.hpp"
#include "service_text.hpp"
#include "system_store.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

using Time = std::chrono::system_clock;

// uninstall

Exit report_uninstalled(const Context& context, const ServiceOptions& options, std::string_view name, bool removed) {
  if (options.json)
    print_json(context.terminal, {{"name", name}, {"removed", removed}});
  else if (removed)
    context.terminal.print(fmt::format("removed {}; its config, CA and tokens are untouched\n", name));
  else
    context.terminal.print(fmt::format("{} is already not installed\n", on_one_line(name)));
  if (!removed && !options.json) context.terminal.hint("the services there are: cordon service list");
  return Exit::done;
}

Exit uninstall(const Context& context, const ServiceOptions& options) {
  ServiceInstaller installer(context.environment);
  std::string name = options.name;
  if (name.empty()) {
    const auto instance = resolve_instance(context, options.target);
    if (!instance) return report_service_error(context, instance.error());
    const auto found = installer.find(instance->config);
    if (!found)
      return report_uninstalled(context, options, fmt::format("a service for {}", instance->config.string()), false);
    name = found->name;
  } else if (!options.target.config.empty() || !options.target.scope.empty()) {
    if (!choose_service(context, installer, options)) return Exit::failed;
  }
  const auto removed = installer.uninstall(name);
  if (!removed) return report_service_error(context, removed.error());
  return report_uninstalled(context, options, name, *removed);
}

// start, restart, stop

Exit report_change(const Context& context, const ServiceOptions& options, const ServiceInstaller& installer,
                   const std::string& name, std::string_view done) {
  const auto status = installer.status(name);
  if (!status) return report_service_error(context, status.error());
  if (options.json)
    print_json(context.terminal, service_json(*status));
  else
    context.terminal.print(fmt::format("{} {}\n", done, service_line(*status, Time::now())));
  return Exit::done;
}

Exit report_not_started(const Context& context, const std::string& name, const ServiceFailure& failure) {
  show_log_end(context.terminal, failure.log);
  context.terminal.error(failure.error.message());
  const Exit exit = exit_of(failure.end);
  if (exit == Exit::store_unavailable)
    context.terminal.hint("it is tried again and again until it starts, or until: " + service_command("stop", name));
  if (failure.error.code == Errc::service_failed || failure.error.code == Errc::timed_out)
    context.terminal.hint("its whole log: " + service_command("logs", name));
  return exit;
}

using Begin = std::expected<void, ServiceFailure> (ServiceInstaller::*)(
    std::string_view name, const ServiceInstaller::AwaitReady& await_ready);

Exit begin(const Context& context, const ServiceOptions& options, Begin how, std::string_view done) {
  ServiceInstaller installer(context.environment);
  const auto service = choose_service(context, installer, options);
  if (!service) return Exit::failed;
  // A config that cannot work is shown its faults here rather than in a log.
  const auto target = load_target(context, {.config = service->config.string(), .scope = {}});
  if (!target) return Exit::failed;
  const auto begun = (installer.*how)(service->name, await_health(*target, options));
  if (!begun) return report_not_started(context, service->name, begun.error());
  const auto now = installer.status(service->name);
  const bool same = now && now->pid > 0 && now->pid == service->pid;
  return report_change(context, options, installer, service->name, same ? "already started:" : done);
}

Exit start(const Context& context, const ServiceOptions& options) {
  return begin(context, options, &ServiceInstaller::start, "started");
}

Exit restart(const Context& context, const ServiceOptions& options) {
  return begin(context, options, &ServiceInstaller::restart, "restarted");
}

Exit stop(const Context& context, const ServiceOptions& options) {
  ServiceInstaller installer(context.environment);
  const auto service = choose_service(context, installer, options);
  if (!service) return Exit::failed;
  if (const auto stopped = installer.stop(service->name); !stopped)
    return report_service_error(context, stopped.error());
  if (!options.json && service->enabled)
    context.terminal.hint("it starts again at your next login; to remove it: " +
                          service_command("uninstall", service->name));
  return report_change(context, options, installer, service->name, "stopped");
}

// status, list

Exit status(const Context& context, const ServiceOptions& options) {
  ServiceInstaller installer(context.environment);
  const auto service = choose_service(context, installer, options);
  if (!service) return service.error().code == Errc::file_missing ? Exit::not_running : Exit::failed;
  if (options.json)
    print_json(context.terminal, service_json(*service));
  else
    print_service(context.terminal, *service, Time::now());
  const bool down = service->state == ServiceState::stopped || service->state == ServiceState::failed;
  if (down && !options.json) context.terminal.hint("start it: " + service_command("start", service->name));
  if (service->state == ServiceState::waiting && !options.json)
    context.terminal.hint("why it fails: " + service_command("logs", service->name));
  if (service->state == ServiceState::unknown) return Exit::failed;
  return service->state == ServiceState::running ? Exit::done : Exit::not_running;
}

Exit list(const Context& context, bool json) {
  const auto services = ServiceInstaller(context.environment).list();
  if (json) {
    Json report = {{"services", Json::array()}};
    for (const ServiceStatus& service : services)
      report["services"].push_back(service_json(service));
    print_json(context.terminal, report);
    return Exit::done;
  }
  if (services.empty())
    context.terminal.hint("there are no services of yours; make one: cordon service install");
  else
    print_services(context.terminal, services);
  if (!services.empty() && services.front().trouble) context.terminal.warning(services.front().trouble->message());
  return Exit::done;
}

template <Exit (*run)(const Context&, const ServiceOptions&)>
Action declare(CLI::App& app) {
  auto options = std::make_shared<ServiceOptions>();
  add_service_options(app, *options);
  return [options](const Context& context) { return run(context, *options); };
}

template <Exit (*run)(const Context&, const ServiceOptions&)>
Action declare_waiting(CLI::App& app) {
  auto options = std::make_shared<ServiceOptions>();
  add_service_options(app, *options);
  add_service_timeout(app, *options);
  return [options](const Context& context) { return run(context, *options); };
}

Action declare_list(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "Report as JSON");
  return [json](const Context& context) { return list(context, *json); };
}

constexpr std::array<const Command*, 8> kSubcommands = {&kServiceInstall, &kServiceStatus,   &kServiceList,
                                                        &kServiceLogs,    &kServiceStart,    &kServiceStop,
                                                        &kServiceRestart, &kServiceUninstall};

}  // namespace

const Command kServiceUninstall = {
    .name = "uninstall",
    .summary = "Stop a service and remove it",
    .arguments = "[NAME]",
    .details = "Stops the service and removes its unit. Config, CA, tokens and log stay.",
    .examples =
        "  cordon service uninstall\n"
        "  cordon service uninstall api-proxy\n",
    .declare = declare<uninstall>,
};

const Command kServiceStart = {
    .name = "start",
    .summary = "Start a service that is stopped",
    .arguments = "[NAME]",
    .details = "Starts the service and waits until it serves. One that runs is left alone.",
    .examples = "  cordon service start api-proxy\n",
    .declare = declare_waiting<start>,
};

const Command kServiceStop = {
    .name = "stop",
    .summary = "Stop a service until the next login",
    .arguments = "[NAME]",
    .details = "Stops the service; running requests may finish. It starts again at the next login.",
    .examples = "  cordon service stop api-proxy\n",
    .declare = declare<stop>,
};

const Command kServiceRestart = {
    .name = "restart",
    .summary = "Stop a service and start it again",
    .arguments = "[NAME]",
    .details =
        "For a new version of Cordon, or a new `listen`. Everything else in the config is taken over\n"
        "by `cordon reload`, which interrupts nothing.",
    .examples = "  cordon service restart api-proxy\n",
    .declare = declare_waiting<restart>,
};

const Command kServiceStatus = {
    .name = "status",
    .summary = "Show what a service does",
    .arguments = "[NAME]",
    .details =
        "Shows the service's state, process and files. The exit status is 0 when it runs, 3 when not,\n"
        "1 when the service manager cannot be asked.",
    .examples =
        "  cordon service status\n"
        "  cordon service status api-proxy --json | jq .restarts\n",
    .declare = declare<status>,
};

const Command kServiceList = {
    .name = "list",
    .summary = "List your services",
    .arguments = "",
    .details = "Lists the services that `cordon service install` made for this user.",
    .examples =
        "  cordon service list\n"
        "  cordon service list --json | jq -r '.services[] | .name'\n",
    .declare = declare_list,
};

const Command kService = {
    .name = "service",
    .summary = "Run the proxy in the background, from login on",
    .arguments = "",
    .details =
        "The proxy as a background service: a systemd user unit, or a launchd agent on macOS. NAME is\n"
        "the service's; without one, the service of this config is meant.",
    .examples = "",
    .subcommands = kSubcommands,
};

}  // namespace cordon::cli
