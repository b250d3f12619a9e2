// cordon run: waits for the proxy, then becomes the command, in the environment of `cordon env`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <system_error>

#include "become.hpp"
#include "client_environment.hpp"
#include "command.hpp"
#include "failure.hpp"
#include "process_settings.hpp"
#include "wait_options.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string token;
  PatienceOptions patience;
  std::vector<std::string> command;
};

/// Returns only when that fails.
Exit become_command(const Context& context, const std::vector<std::string>& command) {
  const int error = become(command);
  context.terminal.error(fmt::format("{} cannot be run: {}", command[0], std::generic_category().message(error)));
  return error == ENOENT ? Exit::command_not_found : Exit::cannot_execute;
}

Exit run(const Context& context, const Options& options) {
  hide_memory();
  const auto target = load_target(context, options.target);
  if (!target || !wait_for(context, *target, options.target, options.patience)) return Exit::failed;
  const auto variables = client_variables(*target, context.environment, options.token);
  if (!variables) return fail_with(context, variables.error(), *target, options.target);
  for (const auto& [name, value] : *variables)
    ::setenv(name.c_str(), value.c_str(), 1);
  return become_command(context, options.command);
}

/// What stands after cordon's own options. A first word that looks like an option is a slip unless `--` stands before
/// it.
void take_command(const std::vector<std::string>& remaining, Options& options) {
  options.command = remaining;
  const bool marked = !remaining.empty() && remaining[0] == "--";
  if (marked) options.command.erase(options.command.begin());
  if (options.command.empty()) throw CLI::ValidationError("COMMAND", "name the command to run");
  if (!marked && options.command[0].starts_with('-')) throw CLI::ExtrasError({options.command[0]});
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  add_patience_options(app, options->patience);
  add_token_option(app, options->token);
  app.prefix_command();
  app.callback([&app, options] { take_command(app.remaining(), *options); });
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kRun = {
    .name = "run",
    .summary = "Wait for the proxy, then run a command through it",
    .arguments = "[--] COMMAND [ARGUMENT...]",
    .details =
        "Waits until the proxy of this config is ready, then becomes COMMAND with the variables\n"
        "of `cordon env` set. The command's signals and exit status are its own; 127 when there\n"
        "is no such command, 126 when it cannot be run.",
    .examples =
        "  cordon run -- curl https://api.stripe.com/v1/balance\n"
        "  cordon run --timeout 10s -- npm run dev\n"
        "  cordon run --token codex -- codex\n",
    .declare = declare,
};

}  // namespace cordon::cli
