// cordon status: whether the instance runs, and what it has done.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <system_error>

#include "approvals.hpp"
#include "command.hpp"
#include "json_output.hpp"
#include "running_instance.hpp"
#include "service_text.hpp"
#include "status_text.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  bool quiet = false;
  bool json = false;
  bool all = false;
};

Json running_json(const InstanceStatus& status) {
  Json out = {{"running", true}};
  out.update(Json::parse(to_json(status)));
  return out;
}

/// The bindings of the config file that nobody has approved. None when the file is not valid any more: `cordon check` tells.
std::vector<RequestedBinding> unapproved_of(const Context& context, const Instance& instance) {
  auto loaded = Config::load(instance.config);
  if (!loaded) return {};
  const auto review = review_target(context, {instance, std::move(loaded->config), {}});
  return review ? review->unapproved : std::vector<RequestedBinding>();
}

void tell_unapproved(const Context& context, const Options& options, const std::vector<RequestedBinding>& bindings) {
  for (const RequestedBinding& binding : bindings)
    context.terminal.warning(fmt::format("new binding, not approved: {}", describe(binding)));
  if (!bindings.empty())
    context.terminal.hint(
        fmt::format("to look at what is new and approve it: {}", command_line("approve", options.target)));
}

Exit show_running(const Context& context, const Options& options, const Instance& instance,
                  const InstanceStatus& status) {
  if (options.quiet) return Exit::done;
  const auto unapproved = unapproved_of(context, instance);
  const auto service = ServiceInstaller(context.environment).find(instance.config);
  if (options.json) {
    Json report = running_json(status);
    report["service"] = service ? service_json(*service) : Json();
    report["unapproved"] = Json::array();
    for (const RequestedBinding& binding : unapproved)
      report["unapproved"].push_back(describe(binding));
    print_json(context.terminal, report);
  } else {
    print_status(context.terminal, status, service, std::chrono::system_clock::now());
    tell_unapproved(context, options, unapproved);
  }
  return Exit::done;
}

/// Why the service of an instance that does not run may not.
void tell_of_service(const Context& context, const ServiceStatus& service) {
  const bool failing = service.state == ServiceState::waiting || service.state == ServiceState::failed;
  context.terminal.hint(fmt::format(
      "it has a service, {}; {}: cordon service {} {}", service_line(service, std::chrono::system_clock::now()),
      failing ? "to see why" : "to start that instead", failing ? "logs" : "start", service.name));
}

Exit show_not_running(const Context& context, const Options& options, const Instance& instance, const Error& error) {
  if (options.quiet && error.code == Errc::not_running) return Exit::not_running;
  const auto service = ServiceInstaller(context.environment).find(instance.config);
  if (options.json && error.code == Errc::not_running) {
    print_json(context.terminal, {{"running", false},
                                  {"instance", instance.name},
                                  {"config", instance.config.string()},
                                  {"service", service ? service_json(*service) : Json()}});
    return Exit::not_running;
  }
  const Exit exit = report_unreachable(context, options.target, instance, error);
  if (service) tell_of_service(context, *service);
  return exit;
}

std::vector<InstanceStatus> all_that_run(const Context& context) {
  std::vector<InstanceStatus> out;
  for (const auto& socket : find_control_sockets(config_home(context.environment), default_socket_folders())) {
    if (auto status = ControlClient(socket).status(kAnswerTime)) out.push_back(*std::move(status));
  }
  return out;
}

std::string command_for(const InstanceStatus& status) {
  return fmt::format("cordon status --config {}", shell_quoted(status.config.string()));
}

Exit show_all(const Context& context, const Options& options) {
  const auto running = all_that_run(context);
  const Exit exit = running.empty() ? Exit::not_running : Exit::done;
  if (options.quiet) return exit;
  if (options.json) {
    Json report = {{"instances", Json::array()}};
    for (const InstanceStatus& status : running) {
      report["instances"].push_back(running_json(status));
      report["instances"].back()["command"] = command_for(status);
    }
    print_json(context.terminal, report);
    return exit;
  }
  for (const InstanceStatus& status : running)
    context.terminal.print(fmt::format("{}  pid {}, 127.0.0.1:{}\n  {}\n",
                                       context.terminal.paint(Style::bold, status.proxy.instance), status.pid,
                                       status.proxy.port, context.terminal.paint(Style::plain, command_for(status))));
  if (running.empty()) context.terminal.error("no instance of yours is running");
  return exit;
}

/// Whether the command is about a folder in which there is nothing to ask for.
bool names_nothing(const Options& options, const Instance& instance) {
  std::error_code ignored;
  return options.target.config.empty() && options.target.scope.empty() &&
         !std::filesystem::exists(std::filesystem::symlink_status(instance.config, ignored));
}

Exit run(const Context& context, const Options& options) {
  if (options.all) return show_all(context, options);
  const auto found = find_instance(context, options.target);
  if (!found) return Exit::failed;
  const auto status = found->client.status(kAnswerTime);
  if (status) return show_running(context, options, found->instance, *status);
  if (status.error().code == Errc::not_running && names_nothing(options, found->instance))
    return show_all(context, options);
  return show_not_running(context, options, found->instance, status.error());
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  auto* quiet = app.add_flag("-q,--quiet", options->quiet, "Print nothing: the exit status tells");
  app.add_flag("--json", options->json, "Report as JSON")->excludes(quiet);
  app.add_flag("--all", options->all, "List all running instances of yours")
      ->excludes(app.get_option("--config"))
      ->excludes(app.get_option("--scope"));
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kStatus = {
    .name = "status",
    .summary = "Say whether the proxy runs, and what it has done",
    .arguments = "",
    .details =
        "Shows the running proxy of this config: its process, its port, its routes with what went\n"
        "through them, and the state of their secrets (never a value). In a folder without a\n"
        "cordon.toml it lists the instances that run. The exit status is 0 when it runs, 3 when not.",
    .examples =
        "  cordon status\n"
        "  cordon status --quiet || cordon start\n"
        "  cordon status --all\n"
        "  cordon status --json | jq '.routes[] | {name, injected}'\n",
    .declare = declare,
};

}  // namespace cordon::cli
