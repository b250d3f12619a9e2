// cordon reload: makes the running instance read its config again.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "command.hpp"
#include "exit.hpp"
#include "json_output.hpp"
#include "running_instance.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  bool json = false;
};

/// Secrets are fetched anew, each within a time of its own; a person may have to unlock a store.
constexpr std::chrono::minutes kReloadTime{5};

/// The instance, if there is one, did not say how it went.
Exit report_silence(const Context& context, const Options& options, const Instance& instance, const Error& error) {
  const bool asked = error.code != Errc::not_running && error.code != Errc::file_unsafe;
  if (options.json)
    print_json(context.terminal, {{"instance", instance.name},
                                  {"reloaded", asked ? Json() : Json(false)},
                                  {"errors", json_of(std::vector{error})}});
  const Exit exit = report_unreachable(context, options.target, instance, error);
  if (asked)
    context.terminal.hint(
        fmt::format("whether it has reloaded is not known; see: {}", command_line("status", options.target)));
  return exit;
}

Exit report_failure(const Context& context, const Options& options, const Instance& instance,
                    const std::vector<Error>& errors) {
  if (options.json)
    print_json(context.terminal, {{"instance", instance.name}, {"reloaded", false}, {"errors", json_of(errors)}});
  for (const Error& error : errors)
    context.terminal.error(error.message());
  if (errors.front().code == Errc::cancelled) return Exit::failed;  // it is stopping
  const Exit exit = exit_of(errors);
  context.terminal.hint(fmt::format("{} goes on with what it had; {}, then: {}", instance.name,
                                    exit == Exit::store_unavailable ? "make the store available" : "mend the above",
                                    command_line("reload", options.target)));
  return exit;
}

void report_success(const Context& context, const Options& options, const Instance& instance,
                    const ReloadReport& report) {
  for (const std::string& warning : report.warnings)
    context.terminal.warning(warning);
  if (options.json)
    print_json(context.terminal, {{"instance", instance.name}, {"reloaded", true}, {"warnings", report.warnings}});
  else
    context.terminal.print(fmt::format("{} has reloaded {}\n", instance.name,
                                       context.terminal.paint(Style::plain, instance.config.string())));
}

Exit run(const Context& context, const Options& options) {
  const auto found = find_instance(context, options.target);
  if (!found) return Exit::failed;
  const auto outcome = found->client.reload(kReloadTime);
  if (!outcome) return report_silence(context, options, found->instance, outcome.error());
  if (!*outcome) return report_failure(context, options, found->instance, outcome->error());
  report_success(context, options, found->instance, **outcome);
  return Exit::done;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kReload = {
    .name = "reload",
    .summary = "Make the running proxy read its config again",
    .arguments = "",
    .details =
        "The running proxy reads config, tokens and CA again, fetches every secret anew and swaps\n"
        "all of it at once. When anything of it fails, everything stays as it was, and every fault\n"
        "is told here and in the log. Requests under way are not disturbed.",
    .examples =
        "  cordon reload\n"
        "  cordon check && cordon reload\n"
        "  cordon reload --json | jq -r '.errors[].message'\n",
    .declare = declare,
};

}  // namespace cordon::cli
