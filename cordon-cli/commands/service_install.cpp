// cordon service install: the proxy of a config as a background service.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <variant>

#include <cordon/control_client.hpp>

#include "command.hpp"
#include "json_output.hpp"
#include "service_choice.hpp"
#include "service_text.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

constexpr std::array<std::string_view, 3> kChanges = {"installed", "updated", "unchanged"};  // as in InstallChange

std::string install_command(const ServiceOptions& options) {
  std::string line = command_line("service install", options.target);
  return options.name.empty() ? line : fmt::format("{} {}", line, options.name);
}

/// Whether the instance runs otherwise than as its service, whose port would be taken then. Already reported when it is.
bool runs_otherwise(const Context& context, const ServiceInstaller& installer, const ServiceOptions& options,
                    const Target& target) {
  const auto running = ControlClient(target.instance).status(std::chrono::seconds{1});
  if (!running) return false;
  const auto service = installer.find(target.instance.config);
  if (service && service->pid == running->pid) return false;
  context.terminal.error(fmt::format("{} runs already, and not as a service: pid {}, 127.0.0.1:{}",
                                     target.instance.name, running->pid, running->proxy.port));
  context.terminal.hint(
      fmt::format("end it, then install: {} && {}", command_line("stop", options.target), install_command(options)));
  return true;
}

/// The name that was given, or that the config's service has already, or the instance's.
std::string service_name(const ServiceInstaller& installer, const ServiceOptions& options, const Target& target) {
  if (!options.name.empty()) return options.name;
  const auto service = installer.find(target.instance.config);
  return service ? service->name : target.instance.name;
}

/// A service has the login's environment, not this shell's.
void warn_of_variables(const Context& context, const Target& target) {
  for (const Route& route : target.config.routes)
    if (const auto* ref = std::get_if<EnvRef>(&route.secret))
      context.terminal.warning(fmt::format(
          "route {}: its secret is in the environment variable {}, which a service has only when the login's "
          "environment does (environment.d(5)); another source is safer",
          route.name, ref->variable));
}

Exit report_failure(const Context& context, const ServiceOptions& options, const std::string& name,
                    const ServiceFailure& failure) {
  show_log_end(context.terminal, failure.log);
  context.terminal.error(failure.error.message());
  for (const Error& error : failure.not_undone)
    context.terminal.error(fmt::format("not undone: {}", error.message()));
  const bool started = failure.end.has_value() || !failure.log.empty();
  if (started || failure.error.code == Errc::timed_out)
    context.terminal.hint(fmt::format("{} is not installed, or as it was before; mend the above, then: {}", name,
                                      install_command(options)));
  return exit_of(failure.end);
}

void explain_linger(const Context& context, Linger linger) {
  if (linger == Linger::yes)
    context.terminal.hint("it starts at boot and goes on without a login: lingering is on for this user");
  else if (linger != Linger::not_applicable)
    context.terminal.hint(
        "it starts at your login and ends with your last session; to have it from boot on, without a login: "
        "loginctl enable-linger");
}

void report_success(const Context& context, const Target& target, const InstallReport& report, std::string_view path) {
  const ServiceStatus& service = report.status;
  const bool unchanged = report.change == InstallChange::unchanged;
  context.terminal.print(
      fmt::format("{} {}: {} runs on 127.0.0.1:{}\n",
                  unchanged ? "already installed" : kChanges[static_cast<std::size_t>(report.change)], service.name,
                  service.label, target.config.listen));
  context.terminal.print(fmt::format("  config  {}\n", context.terminal.paint(Style::plain, service.config.string())));
  context.terminal.print(fmt::format("  file    {}\n", context.terminal.paint(Style::plain, service.file.string())));
  context.terminal.print(fmt::format("  program {}\n", context.terminal.paint(Style::plain, service.program.string())));
  context.terminal.print(fmt::format("  PATH    {}\n", context.terminal.paint(Style::plain, path)));
  context.terminal.hint(fmt::format("its state: {}; its log: {}", service_command("status", service.name),
                                    service_command("logs", service.name)));
  explain_linger(context, report.linger);
}

void report_as_json(const Context& context, const InstallReport& report, std::string_view path) {
  Json out = {{"change", kChanges[static_cast<std::size_t>(report.change)]}};
  constexpr std::array<std::string_view, 4> kLinger = {"no", "yes", "unknown", "not_applicable"};  // as in Linger
  out["linger"] = kLinger[static_cast<std::size_t>(report.linger)];
  out["path"] = path;
  out["service"] = service_json(report.status);
  print_json(context.terminal, out);
}

Exit run(const Context& context, const ServiceOptions& options) {
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const std::string path = service_path(context.environment, target->instance.config);
  Environment environment = context.environment;
  environment["PATH"] = path;  // a link in a folder that is left out could lead elsewhere tomorrow
  const auto program = current_program(environment);
  if (!program) return report_service_error(context, program.error());
  ServiceInstaller installer(context.environment);
  if (runs_otherwise(context, installer, options, *target)) return Exit::failed;
  warn_of_variables(context, *target);
  const ServiceRequest request{service_name(installer, options, *target), *program, target->instance.config};
  const auto report = installer.install(request, await_health(*target, options));
  if (!report) return report_failure(context, options, request.name, report.error());
  if (options.json)
    report_as_json(context, *report, path);
  else
    report_success(context, *target, *report, path);
  return Exit::done;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<ServiceOptions>();
  add_service_options(app, *options);
  add_service_timeout(app, *options);
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kServiceInstall = {
    .name = "install",
    .summary = "Have the proxy run in the background, from login on",
    .arguments = "[NAME]",
    .details =
        "Makes a systemd user unit (on macOS a launchd agent) that runs `cordon start` for this\n"
        "config at every login and again when it fails, starts it, and waits until it serves. When\n"
        "it does not, shows the end of its log and takes everything back. Installing again brings\n"
        "the unit up to date, or does nothing. The config file is never written.",
    .examples =
        "  cordon service install\n"
        "  cordon service install --scope user\n"
        "  cordon service install api-proxy --config ~/configs/api-cordon.toml\n",
    .declare = declare,
};

}  // namespace cordon::cli
