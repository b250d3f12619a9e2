// cordon route add and cordon route edit.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>

#include "command.hpp"
#include "config_editing.hpp"
#include "free_port.hpp"
#include "prompt.hpp"
#include "route_fields.hpp"
#include "route_wizard.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  RouteFlags flags;
  std::string name;  ///< Of the route to change.
  std::uint16_t listen = 0;
};

/// A step's result, or what the command ends with; what is wrong is already reported then.
template <class T>
using Step = std::expected<T, Exit>;

std::unexpected<Exit> usage_error(const Context& context, std::string_view command, std::string_view text) {
  context.terminal.error(fmt::format("route {}: {}", command, text));
  context.terminal.hint(fmt::format("`cordon help route {}` shows its options", command));
  return std::unexpected(Exit::usage);
}

TakenNames names_in(const ConfigEdit& edit) {
  TakenNames out;
  for (const ConfigList list : {ConfigList::routes, ConfigList::listeners})
    for (const ConfigEntry& entry : edit.entries(list))
      out.push_back(entry.text("name"));
  return out;
}

std::optional<std::string> why_no_port(std::string_view text) {
  return objection_to(route_field("match.port"), text);
}

/// The port of a config that is not there yet.
Step<std::uint16_t> choose_listen(const Context& context, const Options& options) {
  if (options.listen != 0) return options.listen;
  const auto free = find_free_port();
  if (!Prompt::possible() && free) return *free;
  if (!Prompt::possible())
    return usage_error(context, "add", "no usual port is free for the new config; give one with --listen");
  Prompt prompt(context.terminal);
  prompt.say("There is no config file here yet: it will be made.");
  const auto answer = prompt.text({.question = "Port for the proxy to listen on",
                                   .preset = free ? std::to_string(*free) : "",
                                   .objection = why_no_port});
  if (!answer) return std::unexpected(prompt.given_up(answer.error()));
  std::uint16_t port = 0;
  std::from_chars(answer->data(), answer->data() + answer->size(), port);
  return port;
}

Step<Editing> begin_adding(const Context& context, const Options& options) {
  std::optional<Editing> editing;
  if (is_missing(context, options.target)) {
    const auto port = choose_listen(context, options);
    if (!port) return std::unexpected(port.error());
    editing = scaffold_config(context, options.target, *port);
  } else {
    if (options.listen != 0)
      return usage_error(context, "add", "--listen is for a config that is made by this; the file is there already");
    editing = open_config(context, options.target);
  }
  if (!editing) return std::unexpected(Exit::failed);
  return *std::move(editing);
}

/// The entry made whole: by questions where it lacks something or nothing was given, else by what is usual.
Step<ConfigEntry> complete(const Context& context, const Options& options, std::string_view command, ConfigEntry entry,
                           const TakenNames& taken) {
  ConfigEntry filled = entry;
  fill_defaults(filled, taken);
  const auto missing = missing_flags(filled);
  if (missing.empty() && !options.flags.none()) return filled;
  if (!Prompt::possible() && missing.empty())
    return usage_error(context, command, "say what to change, such as --header-name or --source");
  if (!Prompt::possible()) return usage_error(context, command, fmt::format("missing: {}", fmt::join(missing, ", ")));
  Prompt prompt(context.terminal);
  auto answers = ask_route(prompt, std::move(entry), options.flags, taken);
  if (!answers) return std::unexpected(prompt.given_up(answers.error()));
  prompt.say("");
  for (const RouteField& field : route_fields())
    if (answers->find(field.key) != nullptr) prompt.say(fmt::format("  {:<24}{}", field.key, text_of(*answers, field)));
  const auto agreed = prompt.confirm("Write this?", Preset::yes);
  if (agreed && *agreed) return *std::move(answers);
  return std::unexpected(prompt.given_up(agreed ? NoAnswer::ended : agreed.error()));
}

/// What was done, and what comes next.
Exit finish(const Context& context, const Options& options, const Editing& editing, const ConfigEntry& entry,
            std::string_view verb) {
  const std::string name = entry.text("name");
  const std::string text = fmt::format("{} route {} ({}) {} {}", verb, name, entry.text("match.host"),
                                       verb == "added" ? "to" : "in", editing.instance.config.native());
  context.terminal.print(context.terminal.paint(Style::plain, text) + "\n");
  if (entry.text("auth.secret.source") == "keyring" && entry.text("auth.secret.service").empty())
    context.terminal.hint(
        fmt::format("to store its secret: {}", command_line("secret set " + shell_quoted(name), options.target)));
  tell_next_step(context, options.target, editing);
  return Exit::done;
}

Exit fail_with(const Context& context, const Error& error) {
  context.terminal.error(error.message());
  return Exit::failed;
}

Exit add(const Context& context, const Options& options) {
  ConfigEntry entry;
  if (const auto wrong = apply_flags(options.flags, entry)) return usage_error(context, "add", *wrong).error();
  auto editing = begin_adding(context, options);
  if (!editing) return editing.error();
  auto whole = complete(context, options, "add", std::move(entry), names_in(editing->edit));
  if (!whole) return whole.error();
  const ConfigEntry route = in_order(*whole);
  if (const auto added = editing->edit.add(ConfigList::routes, route); !added) return fail_with(context, added.error());
  if (!save_config(context, *editing, route.text("name"))) return Exit::failed;
  return finish(context, options, *editing, route, "added");
}

/// The entry to change. What is wrong is already reported when there is none.
std::optional<ConfigEntry> find_route(const Context& context, const Editing& editing, const std::string& name) {
  auto entry = editing.edit.entry(ConfigList::routes, name);
  if (entry) return *std::move(entry);
  const TakenNames names = names_in(editing.edit);
  const auto guess = nearest(name, std::vector<std::string_view>(names.begin(), names.end()));
  context.terminal.error(
      fmt::format("{}{}", entry.error().message(), guess ? fmt::format("; did you mean `{}`?", *guess) : ""));
  return std::nullopt;
}

Exit edit(const Context& context, const Options& options) {
  auto editing = open_config(context, options.target);
  if (!editing) return Exit::failed;
  auto entry = find_route(context, *editing, options.name);
  if (!entry) {
    context.terminal.hint(fmt::format("the routes are listed by: {}", command_line("route list", options.target)));
    return Exit::failed;
  }
  if (const auto wrong = apply_flags(options.flags, *entry)) return usage_error(context, "edit", *wrong).error();
  TakenNames taken = names_in(editing->edit);
  std::erase(taken, options.name);
  const auto whole = complete(context, options, "edit", std::move(*entry), taken);
  if (!whole) return whole.error();
  if (const auto replaced = editing->edit.replace(ConfigList::routes, options.name, *whole); !replaced)
    return fail_with(context, replaced.error());
  if (!save_config(context, *editing, whole->text("name"))) return Exit::failed;
  return finish(context, options, *editing, *whole, "changed");
}

Action declare_add(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_route_flags(app, options->flags);
  app.add_option("--listen", options->listen, "The proxy's port, when the config file is made by this")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535).description(""));
  add_target_options(app, options->target);
  return [options](const Context& context) { return add(context, *options); };
}

Action declare_edit(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ROUTE", options->name, "The name of the route to change")->required()->type_name("");
  add_route_flags(app, options->flags);
  app.add_option("--unset", options->flags.unset,
                 "Take an optional key out, by the name of its option; may be repeated")
      ->type_name("OPTION")
      ->expected(1)
      ->take_all();
  add_target_options(app, options->target);
  return [options](const Context& context) { return edit(context, *options); };
}

}  // namespace

const Command kRouteAdd = {
    .name = "add",
    .summary = "Add a route",
    .arguments = "",
    .details =
        "Adds a route to cordon.toml, which is made if it is not there. Asks for what the options\n"
        "do not say; without a terminal, --host, --auth-type, --source and what goes with them must\n"
        "be given. For the hosts of well-known providers the way of authentication is known.",
    .examples =
        "  cordon route add\n"
        "  cordon route add --host api.anthropic.com --source keyring --account anthropic\n"
        "  cordon route add --host api.example.com --auth-type header --header-name X-Api-Key \\\n"
        "      --source command --argv pass --argv show --argv example\n",
    .declare = declare_add,
};

const Command kRouteEdit = {
    .name = "edit",
    .summary = "Change a route",
    .arguments = "ROUTE",
    .details =
        "Changes what the options say and nothing else; without any, asks about everything, with\n"
        "what there is as the answer of an empty line.",
    .examples =
        "  cordon route edit stripe\n"
        "  cordon route edit stripe --source env --variable STRIPE_KEY\n"
        "  cordon route edit stripe --port 443 --port 8443 --unset upstream-ca-path\n",
    .declare = declare_edit,
};

}  // namespace cordon::cli
