// cordon route list and cordon route show.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "approvals.hpp"
#include "command.hpp"
#include "json_output.hpp"
#include "named_secret.hpp"
#include "route_text.hpp"
#include "target.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string name;
  bool json = false;
};

using Run = Exit (*)(const Context& context, const Options& options, const Target& target);

/// The names of the routes whose bindings are not approved. What cannot be found out is warned of, and counts as approved.
std::vector<std::string> unapproved_names(const Context& context, const Target& target) {
  const auto review = review_target(context, target);
  if (!review) {
    context.terminal.warning(
        fmt::format("whether its bindings are approved is not known: {}", review.error().message()));
    return {};
  }
  std::vector<std::string> names;
  for (const RequestedBinding& binding : review->unapproved)
    names.push_back(binding.name);
  return names;
}

bool is_approved(const Route& route, const std::vector<std::string>& unapproved) {
  return std::ranges::find(unapproved, route.name) == unapproved.end();
}

Json to_json(const Route& route, const std::vector<std::string>& unapproved) {
  Json out = json_of(route);
  out["source"] = source_word(route.secret);
  out["upstream_ca_path"] = route.upstream_ca_path ? Json(route.upstream_ca_path->string()) : Json();
  out["approved"] = is_approved(route, unapproved);
  return out;
}

using Row = std::array<std::string, 5>;

Row row_of(const Route& route) {
  const std::string ports = route.ports.any ? "any" : fmt::format("{}", fmt::join(route.ports.list, ","));
  const auto* header = std::get_if<HeaderAuth>(&route.auth);
  return {route.name, route.host, ports, header != nullptr ? header->header_name : "Authorization",
          describe(route.secret)};
}

void print_table(Terminal& terminal, const std::vector<Row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows)
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column)
      line += fmt::format("{:<{}}{}", rows[i][column], widths[column], column + 1 < widths.size() ? "  " : "");
    terminal.print(terminal.paint(i == 0 ? Style::bold : Style::plain, line) + "\n");
  }
}

Exit list(const Context& context, const Options& options, const Target& target) {
  if (options.json) {
    const auto unapproved = unapproved_names(context, target);
    Json report = {{"config", target.instance.config.string()}, {"routes", Json::array()}};
    for (const Route& route : target.config.routes)
      report["routes"].push_back(to_json(route, unapproved));
    print_json(context.terminal, report);
  } else if (target.config.routes.empty()) {
    context.terminal.hint(fmt::format("there are no routes in {}; to add one: {}", target.instance.config.native(),
                                      command_line("route add", options.target)));
  } else {
    std::vector<Row> rows = {{"name", "host", "port", "header", "secret"}};
    for (const Route& route : target.config.routes)
      rows.push_back(row_of(route));
    print_table(context.terminal, rows);
  }
  return Exit::done;
}

void print_route(Terminal& terminal, const Route& route, const std::vector<std::string>& unapproved) {
  const auto row = [&](std::string_view label, std::string_view value) {
    terminal.print(fmt::format("  {:<10}{}\n", label, terminal.paint(Style::plain, value)));
  };
  terminal.print(terminal.paint(Style::bold, route.name) + "\n");
  row("host", route.host);
  row("port", route.ports.any ? "any" : fmt::format("{}", fmt::join(route.ports.list, ", ")));
  row("header", header_text(route));
  row("secret", describe(route.secret));
  if (route.allow_plaintext) row("plaintext", "allowed, to a loopback or private address");
  if (route.upstream_ca_path) row("roots", route.upstream_ca_path->string());
  row("binding", is_approved(route, unapproved) ? "approved" : "not approved yet");
}

Exit show(const Context& context, const Options& options, const Target& target) {
  const auto route = std::ranges::find(target.config.routes, options.name, &Route::name);
  if (route == target.config.routes.end()) {
    std::vector<std::string_view> names;
    for (const Route& other : target.config.routes)
      names.push_back(other.name);
    report_unknown_name(context.terminal, target, "route", options.name, names);
    return Exit::failed;
  }
  const auto unapproved = unapproved_names(context, target);
  if (options.json)
    print_json(context.terminal, to_json(*route, unapproved));
  else
    print_route(context.terminal, *route, unapproved);
  return Exit::done;
}

template <Run kRun>
Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  if constexpr (kRun == &show)
    app.add_option("ROUTE", options->name, "The name of the route")->required()->type_name("");
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) {
    const auto target = load_target(context, options->target);
    return target ? kRun(context, *options, *target) : Exit::failed;
  };
}

}  // namespace

const Command kRouteList = {
    .name = "list",
    .summary = "List the routes",
    .arguments = "",
    .details = "Lists the routes in the order in which they are tried. Secrets are never shown, only where\nthey lie.",
    .examples =
        "  cordon route list\n"
        "  cordon route list --json | jq -r .routes[].host\n",
    .declare = declare<list>,
};

const Command kRouteShow = {
    .name = "show",
    .summary = "Show one route",
    .arguments = "ROUTE",
    .details = "Shows all of one route. Its secret is never shown, only where it lies.",
    .examples = "  cordon route show stripe\n",
    .declare = declare<show>,
};

}  // namespace cordon::cli
