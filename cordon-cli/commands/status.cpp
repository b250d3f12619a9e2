// cordon status: whether the instance runs, and what it has done.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
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
  if (service.state == ServiceState::unknown) {
    context.terminal.hint("it has a service, " + service_line(service, std::chrono::system_clock::now()));
    if (service.trouble) context.terminal.warning(service.trouble->message());
    return;
  }
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

/// An instance that runs, or is installed as a service, or both.
struct Listed {
  std::optional<InstanceStatus> status;
  std::optional<ServiceStatus> service;

  std::string_view verb() const {
    if (service->state == ServiceState::unknown) return "status";
    return service->state == ServiceState::stopped ? "start" : "logs";
  }

  /// What shows it when it runs, else what makes it run or tells why it does not.
  std::string command() const {
    if (status) return fmt::format("cordon status --config {}", shell_quoted(status->config.string()));
    return fmt::format("cordon service {} {}", verb(), shell_quoted(service->name));
  }
};

std::vector<Listed> all_instances(const Context& context) {
  std::vector<Listed> out;
  for (InstanceStatus& status : all_that_run(context))
    out.push_back({std::move(status), std::nullopt});
  for (ServiceStatus& service : ServiceInstaller(context.environment).list()) {
    const auto same = std::ranges::find_if(
        out, [&](const Listed& listed) { return listed.status && listed.status->config == service.config; });
    if (same == out.end())
      out.push_back({std::nullopt, std::move(service)});
    else
      same->service = std::move(service);
  }
  return out;
}

Json listed_json(const Listed& listed) {
  Json out = listed.status ? running_json(*listed.status)
                           : Json{{"running", false}, {"config", listed.service->config.string()}};
  out["service"] = listed.service ? service_json(*listed.service) : Json();
  out["command"] = listed.command();
  return out;
}

void print_listed(Terminal& terminal, const Listed& listed) {
  if (listed.status) {
    terminal.print(fmt::format(
        "{}  pid {}, 127.0.0.1:{}{}\n", terminal.paint(Style::bold, listed.status->proxy.instance), listed.status->pid,
        listed.status->proxy.port, listed.service ? fmt::format(", service {}", listed.service->name) : ""));
  } else {
    terminal.print(fmt::format("{}  service, {}\n", terminal.paint(Style::bold, listed.service->name),
                               service_state_text(*listed.service, std::chrono::system_clock::now())));
  }
  terminal.print(fmt::format("  {}\n", terminal.paint(Style::plain, listed.command())));
}

Exit show_all(const Context& context, const Options& options) {
  const auto instances = all_instances(context);
  const bool any = std::ranges::any_of(instances, [](const Listed& listed) { return listed.status.has_value(); });
  const Exit exit = any ? Exit::done : Exit::not_running;
  if (options.quiet) return exit;
  if (options.json) {
    Json report = {{"instances", Json::array()}};
    for (const Listed& listed : instances)
      report["instances"].push_back(listed_json(listed));
    print_json(context.terminal, report);
    return exit;
  }
  for (const Listed& listed : instances)
    print_listed(context.terminal, listed);
  if (!any) {
    context.terminal.error("no instance of yours is running");
    if (instances.empty()) context.terminal.hint("start one in the folder that has its cordon.toml: cordon start");
  }
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
  app.add_flag("--all", options->all, "List all instances of yours that run or are installed")
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
        "cordon.toml it lists those that run or are installed. The exit status is 0 when it runs, 3 when not.",
    .examples =
        "  cordon status\n"
        "  cordon status --quiet || cordon start\n"
        "  cordon status --all\n"
        "  cordon status --json | jq '.routes[] | {name, injected}'\n",
    .declare = declare,
};

}  // namespace cordon::cli
