// cordon logs: the running instance's log.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.hpp"
#include "running_instance.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  bool follow = false;
  bool json = false;
};

Exit run(const Context& context, const Options& options) {
  const auto found = find_instance(context, options.target);
  if (!found) return Exit::failed;
  const auto print = [&terminal = context.terminal](std::string_view piece) {
    terminal.print(piece);
    return !terminal.output_failed();
  };
  // No signal is caught: Ctrl-C ends following as the shell expects.
  const auto read = found->client.read_log(options.json ? LogFormat::json : LogFormat::text,
                                           options.follow ? Follow::yes : Follow::no, print, kAnswerTime);
  if (!read) return report_unreachable(context, options.target, found->instance, read.error());
  if (options.follow && !context.terminal.output_failed())
    context.terminal.hint(fmt::format("{} has ended", found->instance.name));
  return Exit::done;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_flag("-f,--follow", options->follow, "Go on with new lines until the proxy ends");
  app.add_flag("--json", options->json, "Show each line as a JSON object");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kLogs = {
    .name = "logs",
    .summary = "Show the running proxy's log",
    .arguments = "",
    .details =
        "The last 200 lines of the log, requests and notices, whatever else the proxy writes its log\n"
        "to and at whichever level; with -f also each new one. A reader that is too slow loses lines,\n"
        "and is told how many.",
    .examples =
        "  cordon logs\n"
        "  cordon logs -f\n"
        "  cordon logs -f --json | jq 'select(.refusal)'\n",
    .declare = declare,
};

}  // namespace cordon::cli
