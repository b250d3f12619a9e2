#include "reload_request.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "exit.hpp"
#include "failure.hpp"
#include "json_output.hpp"
#include "running_instance.hpp"

namespace cordon::cli {
namespace {

/// Secrets are fetched anew, each within a time of its own; a person may have to unlock a store.
constexpr std::chrono::minutes kReloadTime{5};

bool is_stopped(const Instance& instance) {
  const auto running = ControlClient(instance).status(kAnswerTime);
  return !running && running.error().code == Errc::not_running;
}

ReloadAnswer refused(Exit exit, const Instance& instance, const std::vector<Error>& errors) {
  return {exit, {{"instance", instance.name}, {"reloaded", false}, {"errors", json_of(errors)}}};
}

/// The instance, if there is one, did not say how it went.
ReloadAnswer report_silence(const Context& context, const ReloadOptions& options, const Instance& instance,
                            const Error& error) {
  const bool asked = error.code != Errc::not_running && error.code != Errc::file_unsafe;
  const Exit exit = report_unreachable(context, options.target, instance, error);
  if (asked)
    context.terminal.hint(
        fmt::format("whether it has reloaded is not known; see: {}", command_line("status", options.target)));
  return {exit,
          {{"instance", instance.name},
           {"reloaded", asked ? Json() : Json(false)},
           {"errors", json_of(std::vector{error})}}};
}

Exit tell_failure(const Context& context, const ReloadOptions& options, const Instance& instance,
                  const std::vector<Error>& errors) {
  // The config was read by the proxy, if it could be: what it says is for the remedy only.
  auto loaded = Config::load(instance.config);
  report_errors(context, errors, {instance, loaded ? std::move(loaded->config) : Config(), {}}, options.target);
  if (errors.front().code == Errc::cancelled) return Exit::failed;  // it is stopping
  const Exit exit = exit_of(errors);
  context.terminal.hint(fmt::format("{} goes on with what it had; {}, then: {}", instance.name,
                                    exit == Exit::store_unavailable ? "make the store available" : "mend the above",
                                    command_line("reload", options.target)));
  return exit;
}

ReloadAnswer report_success(const Context& context, const ReloadOptions& options, const Instance& instance,
                            const ReloadReport& report) {
  for (const std::string& warning : report.warnings)
    context.terminal.warning(warning);
  if (!options.json)
    context.terminal.print(fmt::format("{} has reloaded {}\n", instance.name,
                                       context.terminal.paint(Style::plain, instance.config.string())));
  return {Exit::done, {{"instance", instance.name}, {"reloaded", true}, {"warnings", report.warnings}}};
}

}  // namespace

void add_reload_option(CLI::App& app, ReloadAfter& after) {
  app.add_flag_callback(
      "--reload", [&after] { after = ReloadAfter::yes; },
      "Have the running proxy go by it at once, as `cordon reload` does");
}

ReloadAnswer request_reload(const Context& context, const ReloadOptions& options, const Instance& instance) {
  const auto outcome = ControlClient(instance).reload(kReloadTime);
  if (!outcome) return report_silence(context, options, instance, outcome.error());
  if (!*outcome) {
    const Exit exit = tell_failure(context, options, instance, outcome->error());
    return refused(exit, instance, outcome->error());
  }
  return report_success(context, options, instance, **outcome);
}

ReloadAnswer reload_after_edit(const Context& context, const ReloadOptions& options, const Instance& instance) {
  if (is_stopped(instance)) {
    context.terminal.hint(fmt::format("{} is not running, so nothing was reloaded; to start it: {}", instance.name,
                                      command_line("start", options.target)));
    return {};
  }
  return request_reload(context, options, instance);
}

ReloadAnswer refuse_to_reload(const Context& context, const Instance& instance, const Error& why) {
  if (is_stopped(instance)) return {};
  context.terminal.error(fmt::format("nothing was reloaded: {}", why.context));
  return refused(Exit::failed, instance, {why});
}

}  // namespace cordon::cli
