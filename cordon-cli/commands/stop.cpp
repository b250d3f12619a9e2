// cordon stop: ends the running instance and waits until it has gone.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "command.hpp"
#include "json_output.hpp"
#include "running_instance.hpp"
#include "text.hpp"
#include "wait_options.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string timeout = "10s";
  bool json = false;
};

/// How long an end at once may take.
constexpr std::chrono::seconds kLastPatience{3};

/// Asks for a graceful end, and when that takes too long for an end at once.
Result<> stop(const ControlClient& client, std::chrono::milliseconds patience) {
  auto stopped = client.stop(StopMode::graceful, patience);
  if (stopped || stopped.error().code != Errc::timed_out) return stopped;
  stopped = client.stop(StopMode::immediate, kLastPatience);
  // It may have gone between the two.
  if (!stopped && stopped.error().code == Errc::not_running) return {};
  return stopped;
}

void report(const Context& context, const Options& options, const Instance& instance, const Result<>& stopped) {
  if (!options.json) {
    if (stopped) context.terminal.print(fmt::format("{} has stopped\n", instance.name));
    return;
  }
  Json out = {{"instance", instance.name}, {"stopped", stopped.has_value()}};
  if (!stopped) out["error"] = json_of(stopped.error());
  print_json(context.terminal, out);
}

Exit run(const Context& context, const Options& options) {
  const auto found = find_instance(context, options.target);
  if (!found) return Exit::failed;
  const auto running = found->client.status(kAnswerTime);
  const auto stopped = stop(found->client, parse_duration(options.timeout).value_or(std::chrono::seconds{10}));
  report(context, options, found->instance, stopped);
  if (stopped) return Exit::done;
  if (stopped.error().code == Errc::not_running) {
    context.terminal.error(fmt::format("nothing to stop: {} is not running", found->instance.name));
    context.terminal.hint("the instances that run are listed by: cordon status --all");
    return Exit::not_running;
  }
  if (stopped.error().code != Errc::timed_out)
    return report_unreachable(context, options.target, found->instance, stopped.error());
  context.terminal.error(fmt::format("{} does not end", found->instance.name));
  if (running) context.terminal.hint(fmt::format("end it the hard way: kill -9 {}", running->pid));
  return Exit::failed;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_option("--timeout", options->timeout, "Cut running requests after this time (default: 10s)")
      ->type_name("TIME")
      ->check(check_duration);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kStop = {
    .name = "stop",
    .summary = "End the running proxy and wait until it has gone",
    .arguments = "",
    .details =
        "Running requests get the time to finish: 4 s, or --timeout if that is less. Returns when\n"
        "the port is free again; the exit status is 3 when no proxy of this config runs.",
    .examples =
        "  cordon stop\n"
        "  cordon stop --timeout 0s\n"
        "  cordon stop && cordon start\n",
    .declare = declare,
};

}  // namespace cordon::cli
