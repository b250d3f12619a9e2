// cordon token: who may use the proxy.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include <cordon/token_set.hpp>

#include "command.hpp"
#include "failure.hpp"
#include "integrations/rotation.hpp"
#include "json_output.hpp"
#include "named_secret.hpp"
#include "process_settings.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string name;
  std::vector<std::string> routes;
  bool all = false;
  bool json = false;
};

using Run = Exit (*)(const Context& context, const Options& options, TokenFile& file);

std::string time_text(std::chrono::sys_seconds time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

Json scope_of(const std::vector<std::string>& routes) {
  return routes.empty() ? Json("all") : Json(routes);
}

std::string scope_text(const std::vector<std::string>& routes) {
  return routes.empty() ? "all" : fmt::format("{}", fmt::join(routes, ", "));
}

/// What cannot be done to a token of a name, and what can.
Exit fail_named(const Context& context, const Options& options, const Error& error) {
  if (error.code == Errc::file_missing) {
    context.terminal.error(fmt::format("there is no token `{}`: there are none, and none is asked for", options.name));
    context.terminal.hint(fmt::format("to begin with tokens: {}", command_line("token rotate", options.target)));
    return Exit::failed;
  }
  const Exit exit = fail_with(context, error);
  if (error.code == Errc::token_invalid) context.terminal.hint(token_remedy(options.target));
  if (error.code == Errc::not_supported)
    context.terminal.hint(fmt::format("to give it a new value: {}", command_line("token rotate", options.target)));
  return exit;
}

/// A name that no token can have is wrong usage; one that there is already is not.
Exit fail_to_create(const Context& context, const Options& options, const TokenFile& file, const Error& error) {
  const Exit exit = fail_with(context, error);
  const auto tokens = file.list();
  const bool there = tokens && std::ranges::find(*tokens, options.name, &TokenInfo::name) != tokens->end();
  if (there)
    context.terminal.hint(fmt::format("to give it a new value: {} {}", command_line("token rotate", options.target),
                                      shell_quoted(options.name)));
  return error.code == Errc::config_invalid && !there ? Exit::usage : exit;
}

/// Said once, when the file has just been made.
void tell_of_enforcement(const Context& context, const Options& options) {
  context.terminal.hint(fmt::format("requests to routes need a token from now on; programs get it with: {}",
                                    command_line("env", options.target)));
}

// list

void print_table(Terminal& terminal, const std::vector<TokenInfo>& tokens) {
  std::size_t width = std::string_view("name").size();
  for (const TokenInfo& token : tokens)
    width = std::max(width, token.name.size());
  const std::string head = fmt::format("{:<{}}  {:<20}  routes", "name", width, "created");
  terminal.print(terminal.paint(Style::bold, head) + "\n");
  for (const TokenInfo& token : tokens)
    terminal.print(terminal.paint(Style::plain, fmt::format("{:<{}}  {:<20}  {}", token.name, width,
                                                            time_text(token.created_at), scope_text(token.routes))) +
                   "\n");
}

Exit list(const Context& context, const Options& options, TokenFile& file) {
  const bool enforced = file.exists();
  const auto tokens = enforced ? file.list() : std::vector<TokenInfo>();
  if (!tokens) return fail_with(context, tokens.error());
  if (options.json) {
    Json report = {{"file", file.path().string()}, {"enforced", enforced}, {"tokens", Json::array()}};
    for (const TokenInfo& token : *tokens)
      report["tokens"].push_back(
          {{"name", token.name}, {"created_at", time_text(token.created_at)}, {"routes", scope_of(token.routes)}});
    print_json(context.terminal, report);
  } else if (enforced) {
    print_table(context.terminal, *tokens);
  } else {
    context.terminal.hint(fmt::format("there are no tokens, and none is asked for; to begin: {}",
                                      command_line("token rotate", options.target)));
  }
  return Exit::done;
}

// create

/// Whether cordon.toml has all the routes; a listener counts as one. What is wrong is already reported when it is false.
bool has_routes(const Context& context, const Options& options) {
  if (options.routes.empty()) return true;
  const auto target = load_target(context, options.target);
  if (!target) return false;
  std::vector<std::string_view> known;
  for (const Route& route : target->config.routes)
    known.push_back(route.name);
  for (const Listener& listener : target->config.listeners)
    known.push_back(listener.name);
  bool all = true;
  for (const std::string& route : options.routes) {
    if (std::ranges::find(known, route) != known.end()) continue;
    report_unknown_name(context, *target, options.target, "route or listener", route, known);
    all = false;
  }
  return all;
}

Exit create(const Context& context, const Options& options, TokenFile& file) {
  if (!has_routes(context, options)) return Exit::failed;
  const bool first = !file.exists();
  if (const auto created = file.create(options.name, options.routes); !created)
    return fail_to_create(context, options, file, created.error());
  if (options.json) {
    print_json(context.terminal,
               {{"created", options.name}, {"routes", scope_of(options.routes)}, {"file_made", first}});
    return Exit::done;
  }
  context.terminal.print(fmt::format("created {}, for {}\n", options.name,
                                     options.routes.empty() ? "all routes" : scope_text(options.routes)));
  context.terminal.hint(
      fmt::format("its programs get it with: {} --token {}", command_line("env", options.target), options.name));
  if (first) tell_of_enforcement(context, options);
  return Exit::done;
}

// rotate

/// How the clients of the rotated tokens get them.
void tell_of_clients(const Context& context, const Options& options, const Rotation& rotation) {
  for (const std::string& setting : rotation.skipped)
    context.terminal.warning(
        fmt::format("{} has been changed by hand and was left: it has no valid token now", setting));
  for (const std::string& tool : rotation.given)
    context.terminal.hint(fmt::format("the settings of {} have the new value; start it anew", tool));
  if (options.all || rotation.given.empty())
    context.terminal.hint(fmt::format("programs with the old value are refused now; they get the new one with: {}{}",
                                      command_line("env", options.target),
                                      options.all || options.name.empty() ? "" : " --token " + options.name));
}

Exit rotate(const Context& context, const Options& options, TokenFile& file) {
  const auto instance = resolve_instance(context, options.target);
  if (!instance) return fail_with(context, instance.error());
  const bool first = !file.exists();
  const std::string one(options.name.empty() ? kDefaultToken : options.name);
  const auto rotation = rotate_tokens(*instance, options.all ? "" : one);
  if (!rotation) return fail_named(context, options, rotation.error());
  if (options.json) {
    print_json(context.terminal, {{"rotated", rotation->rotated},
                                  {"file_made", first},
                                  {"given", rotation->given},
                                  {"skipped", rotation->skipped}});
    return Exit::done;
  }
  for (const std::string& name : rotation->rotated)
    context.terminal.print(fmt::format("{} {}\n", first ? "created" : "rotated", name));
  if (first)
    tell_of_enforcement(context, options);
  else
    tell_of_clients(context, options, *rotation);
  return Exit::done;
}

// revoke

Exit revoke(const Context& context, const Options& options, TokenFile& file) {
  if (const auto revoked = file.revoke(options.name); !revoked) return fail_named(context, options, revoked.error());
  if (options.json)
    print_json(context.terminal, {{"revoked", options.name}});
  else
    context.terminal.print(fmt::format("revoked {}\n", options.name));
  return Exit::done;
}

/// The options that all of them have, and the action.
Action declare_with(CLI::App& app, const std::shared_ptr<Options>& options, Run run) {
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options, run](const Context& context) {
    hide_memory();
    const auto instance = existing_instance(context, options->target);
    if (!instance) return Exit::failed;
    TokenFile file(instance->tokens);
    return run(context, *options, file);
  };
}

Action declare_list(CLI::App& app) {
  return declare_with(app, std::make_shared<Options>(), list);
}

Action declare_create(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "What the token is called, such as the program's name")
      ->required()
      ->type_name("");
  app.add_option("--route", options->routes, "A route or listener that it may use; may be repeated (default: all)")
      ->type_name("ROUTE")
      ->expected(1)
      ->take_all();
  return declare_with(app, options, create);
}

Action declare_rotate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto* name = app.add_option("NAME", options->name, "The token (default: default)")->type_name("");
  app.add_flag("--all", options->all, "Every token")->excludes(name);
  return declare_with(app, options, rotate);
}

Action declare_revoke(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "The token")->required()->type_name("");
  return declare_with(app, options, revoke);
}

constexpr Command kList = {
    .name = "list",
    .summary = "Show the tokens' names, ages and routes",
    .arguments = "",
    .details = "Shows which tokens there are. Their values are never shown.",
    .examples =
        "  cordon token list\n"
        "  cordon token list --json | jq -r .tokens[].name\n",
    .declare = declare_list,
};

constexpr Command kCreate = {
    .name = "create",
    .summary = "Add a token for one program",
    .arguments = "NAME",
    .details =
        "Adds a token with a random value, so that one program can be told from others in the log,\n"
        "limited to routes, and shut out alone. `cordon env --token NAME` gives it to the program.\n"
        "The first token makes tokens.toml: every request to a route needs a token from then on.",
    .examples =
        "  cordon token create codex\n"
        "  cordon token create ci --route github --route npm\n",
    .declare = declare_create,
};

constexpr Command kRotate = {
    .name = "rotate",
    .summary = "Give a token a new value",
    .arguments = "[NAME]",
    .details =
        "Gives `default`, or the token that is named, or all, a new random value. The old one is\n"
        "refused from the next request on, and its open tunnels end; no restart is needed. A program\n"
        "that `cordon setup` gave the token gets the new one in its settings first. Makes\n"
        "tokens.toml when there is none: every request to a route needs a token from then on.",
    .examples =
        "  cordon token rotate\n"
        "  cordon token rotate codex\n"
        "  cordon token rotate --all\n",
    .declare = declare_rotate,
};

constexpr Command kRevoke = {
    .name = "revoke",
    .summary = "Remove a token",
    .arguments = "NAME",
    .details =
        "Removes a token. It is refused from the next request on, and its open tunnels end; no\n"
        "restart is needed. The token `default` stays; `cordon token rotate` changes it.",
    .examples = "  cordon token revoke codex\n",
    .declare = declare_revoke,
};

constexpr std::array<const Command*, 4> kSubcommands = {&kList, &kCreate, &kRotate, &kRevoke};

}  // namespace

const Command kToken = {
    .name = "token",
    .summary = "List, create, rotate and revoke the tokens of clients",
    .arguments = "",
    .details =
        "A token says which program a request is from. While tokens.toml is there, requests to\n"
        "routes need one; programs get it as part of the proxy's address from `cordon env`.",
    .examples = "",
    .subcommands = kSubcommands,
};

}  // namespace cordon::cli
