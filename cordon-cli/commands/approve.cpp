// cordon approve: shows what secrets would newly go where, and records that their owner agrees.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include <cordon/bindings.hpp>
#include <cordon/control_client.hpp>

#include "approvals.hpp"
#include "command.hpp"
#include "confirmation.hpp"
#include "failure.hpp"
#include "json_output.hpp"
#include "named_secret.hpp"
#include "running_instance.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

using Bindings = std::vector<RequestedBinding>;

struct Options {
  TargetOptions target;
  std::vector<std::string> names;
  bool yes = false;
  bool json = false;
};

/// Whether every name is one of the config's. What is wrong is already reported when it is false.
bool check_names(const Context& context, const Options& options, const Target& target) {
  const Bindings all = requested_bindings(target.config);
  std::vector<std::string_view> known;
  for (const RequestedBinding& binding : all)
    known.push_back(binding.name);
  bool good = true;
  for (const std::string& name : options.names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    report_unknown_name(context, target, options.target, "route or listener", name, known);
    good = false;
  }
  return good;
}

void keep_named(Bindings& bindings, const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::erase_if(bindings,
                [&](const RequestedBinding& binding) { return std::ranges::find(names, binding.name) == names.end(); });
}

Json to_json(const RequestedBinding& requested) {
  const Binding& binding = requested.binding;
  Json ports = binding.ports.list;
  if (binding.ports.any) ports = "any";
  return {{"name", requested.name}, {"secret", binding.secret}, {"host", binding.host},
          {"port", ports},          {"terms", binding.terms},   {"first_used", requested.first_used}};
}

void report_as_json(const Context& context, const Target& target, const Bindings& bindings, Exit exit) {
  Json out = {{"config", target.instance.config.string()},
              {"instance", target.instance.name},
              {"approved", exit == Exit::done},
              {"bindings", Json::array()}};
  for (const RequestedBinding& binding : bindings)
    out["bindings"].push_back(to_json(binding));
  print_json(context.terminal, out);
}

void print_bindings(const Context& context, const Target& target, const Bindings& bindings) {
  Terminal& terminal = context.terminal;
  terminal.print(fmt::format("{} of {} not approved yet:\n", counted(bindings.size(), "binding"),
                             terminal.paint(Style::bold, target.instance.config.string())));
  for (const RequestedBinding& binding : bindings)
    terminal.print("\n" + binding_text(terminal, binding));
  terminal.print("\n");
}

/// What a person typed, for the next time.
std::string same_command(const Options& options) {
  std::string line = command_line("approve", options.target);
  for (const std::string& name : options.names)
    line += " " + shell_quoted(name);
  return line;
}

/// Whether the owner agrees; else what the command ends with, reported. With --json it is a listing, and nobody is asked.
std::optional<Exit> disagreed(const Context& context, const Options& options, std::size_t count) {
  if (options.yes) return std::nullopt;
  if (!context.terminal.can_ask()) {
    context.terminal.error(fmt::format("{} not approved", counted(count, "binding")));
    context.terminal.hint(fmt::format("to approve: {} --yes", same_command(options)));
    return options.json ? Exit::failed : Exit::usage;
  }
  const std::string question = count == 1 ? "Approve it?" : fmt::format("Approve these {}?", count);
  const auto refused = ask(context, {question, false, "approve", "nothing was approved"});
  if (refused)
    context.terminal.hint("if you did not make this change, take it back in the config, then: cordon reload");
  return refused;
}

/// A running instance goes by what it read at its start.
void tell_next_step(const Context& context, const Options& options, const Target& target) {
  if (!ControlClient(target.instance).status(kAnswerTime)) return;
  context.terminal.hint(fmt::format("{} is running; to make it go by this: {}", target.instance.name,
                                    command_line("reload", options.target)));
}

/// Asks and records. What is wrong is already reported. @returns what the command ends with
Exit approve(const Context& context, const Options& options, const Target& target, const Bindings& bindings) {
  if (bindings.empty()) return Exit::done;
  if (const auto refused = disagreed(context, options, bindings.size())) return *refused;
  std::vector<Binding> approved;
  for (const RequestedBinding& binding : bindings)
    approved.push_back(binding.binding);
  if (const auto done = approve_bindings(approved, target.instance.bindings); !done)
    return fail_with(context, done.error());
  tell_next_step(context, options, target);
  return Exit::done;
}

std::string closing_words(const Options& options, const Target& target, std::size_t count) {
  if (count > 0) return fmt::format("approved {}\n", counted(count, "binding"));
  if (!options.names.empty())
    return fmt::format("nothing to approve: approved already: {}\n", fmt::join(options.names, ", "));
  return fmt::format("nothing to approve: every binding of {} is approved\n", target.instance.name);
}

Exit run(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target || !check_names(context, options, *target)) return Exit::failed;
  auto bindings = unapproved_bindings(target->config, target->instance.bindings);
  if (!bindings) return fail_with(context, bindings.error());
  // What is shown is what is recorded, whatever becomes of the config meanwhile.
  keep_named(*bindings, options.names);
  if (!options.json && !bindings->empty()) print_bindings(context, *target, *bindings);
  const Exit exit = approve(context, options, *target, *bindings);
  if (options.json) {
    report_as_json(context, *target, *bindings, exit);
  } else if (exit == Exit::done) {
    context.terminal.print(closing_words(options, *target, bindings->size()));
  }
  return exit;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_flag("--yes", options->yes, "Approve without asking");
  app.add_flag("--json", options->json, "Report as JSON");
  app.add_option("NAME", options->names, "A route or listener; may be repeated (default: all)")->type_name("");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kApprove = {
    .name = "approve",
    .summary = "Show and accept what secrets newly go where",
    .arguments = "[NAME...]",
    .details =
        "Shows each route or listener whose secret, host or port this instance has not used\n"
        "before, or whose command is new, and asks whether you agree. With NAME only those.\n"
        "Without a terminal it only shows them, unless --yes is given.",
    .examples =
        "  cordon approve\n"
        "  cordon approve stripe\n"
        "  cordon approve --yes --config services/cordon.toml\n",
    .declare = declare,
};

}  // namespace cordon::cli
