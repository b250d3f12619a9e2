// cordon route remove.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "command.hpp"
#include "config_editing.hpp"
#include "prompt.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string name;
  bool yes = false;
};

/// Whether the owner agrees; done, or what the command ends with otherwise.
Exit confirm(const Context& context, const Options& options, const Route& route) {
  if (options.yes) return Exit::done;
  if (!Prompt::possible()) {
    context.terminal.error("route remove: nobody can be asked here; give --yes to remove it");
    context.terminal.hint("`cordon help route remove` shows its options");
    return Exit::usage;
  }
  Prompt prompt(context.terminal);
  const auto agreed = prompt.confirm(fmt::format("Remove route {} ({})?", route.name, route.host), Preset::no);
  if (agreed && *agreed) return Exit::done;
  return prompt.given_up(agreed ? NoAnswer::ended : agreed.error());
}

Exit report_missing(const Context& context, const Options& options, const Error& error,
                    const std::vector<Route>& routes) {
  std::vector<std::string_view> names;
  for (const Route& route : routes)
    names.push_back(route.name);
  const auto guess = nearest(options.name, names);
  context.terminal.error(
      fmt::format("{}{}", error.message(), guess ? fmt::format("; did you mean `{}`?", *guess) : ""));
  context.terminal.hint(fmt::format("the routes are listed by: {}", command_line("route list", options.target)));
  return Exit::failed;
}

Exit run(const Context& context, const Options& options) {
  auto editing = open_config(context, options.target);
  const auto loaded = editing ? editing->edit.check() : std::expected<LoadedConfig, std::vector<ConfigFault>>();
  if (!editing || !loaded) return Exit::failed;
  const std::vector<Route>& routes = loaded->config.routes;
  const auto route = std::ranges::find(routes, options.name, &Route::name);
  const auto removed = editing->edit.remove(ConfigList::routes, options.name);
  if (route == routes.end()) return report_missing(context, options, removed.error(), routes);
  if (!removed) {
    context.terminal.error(removed.error().message());
    return Exit::failed;
  }
  if (const Exit agreed = confirm(context, options, *route); agreed != Exit::done) return agreed;
  if (!save_config(context, *editing, {})) return Exit::failed;
  const std::string text =
      fmt::format("removed route {} ({}) from {}", route->name, route->host, editing->instance.config.native());
  context.terminal.print(context.terminal.paint(Style::plain, text) + "\n");
  if (std::holds_alternative<KeyringRef>(route->secret))
    context.terminal.hint(fmt::format("its secret is kept: {}", describe(route->secret)));
  tell_next_step(context, options.target, *editing);
  return Exit::done;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("ROUTE", options->name, "The name of the route")->required()->type_name("");
  app.add_flag("--yes", options->yes, "Remove it without asking");
  add_target_options(app, options->target);
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kRouteRemove = {
    .name = "remove",
    .summary = "Remove a route",
    .arguments = "ROUTE",
    .details =
        "Takes a route out of cordon.toml, with the comment right above it. Asks first; without a\n"
        "terminal, --yes must be given. Its secret stays where it is.",
    .examples =
        "  cordon route remove stripe\n"
        "  cordon route remove stripe --yes\n",
    .declare = declare,
};

}  // namespace cordon::cli
