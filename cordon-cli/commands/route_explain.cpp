// cordon route explain: what the proxy would do with a request, and why.
#include <cordon/explain.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include <cordon/token_set.hpp>

#include "approvals.hpp"
#include "command.hpp"
#include "json_output.hpp"
#include "route_text.hpp"
#include "target.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string url;
  bool json = false;
};

/// All that there is to say.
struct Account {
  Explanation request;
  std::string_view standing;  ///< standing_of; nothing without a route.
  bool needs_token = false;
  const Route* route = nullptr;
};

Account account_of(const Target& target, const BindingReview& review, Explanation request) {
  Account out;
  const auto route = std::ranges::find(target.config.routes, request.route, &Route::name);
  if (!request.route.empty() && route != target.config.routes.end()) {
    out.route = &*route;
    out.standing = standing_of(review, request.route);
    out.needs_token = TokenFile(target.instance.tokens).exists();
  }
  out.request = std::move(request);
  return out;
}

std::string url_text(const Explanation& request) {
  const std::string host = request.host.contains(':') ? "[" + request.host + "]" : request.host;
  const bool usual = request.port == (request.tls ? 443 : 80);
  return fmt::format("{}://{}{}", request.tls ? "https" : "http", host,
                     usual ? std::string() : fmt::format(":{}", request.port));
}

Style style_of(Treatment treatment) {
  return treatment == Treatment::injected    ? Style::green
         : treatment == Treatment::untouched ? Style::yellow
                                             : Style::red;
}

void print_row(Terminal& terminal, std::string_view label, std::string_view value) {
  terminal.print(fmt::format("  {:<9}{}\n", label, terminal.paint(Style::plain, value)));
}

void print_text(const Context& context, const Options& options, const Account& account) {
  const Explanation& request = account.request;
  Terminal& terminal = context.terminal;
  const std::string code = request.refusal ? fmt::format(" ({})", name(*request.refusal)) : "";
  terminal.print(fmt::format("{}: {}{}\n", terminal.paint(Style::bold, url_text(request)),
                             terminal.paint(style_of(request.treatment), name(request.treatment)), code));
  print_row(terminal, "why", request.reason);
  if (account.route != nullptr) {
    print_row(terminal, "route", request.route);
    if (request.treatment == Treatment::injected) {
      print_row(terminal, "adds", header_text(*account.route));
      print_row(terminal, "removes", fmt::format("{}", fmt::join(request.removed, ", ")));
    } else {
      print_row(terminal, "secret", request.source);
    }
    print_row(terminal, "binding", account.standing);
  }
  if (!request.hidden.empty())
    print_row(terminal, "hides", fmt::format("{}, which would cover it too", fmt::join(request.hidden, ", ")));
  if (account.needs_token) print_row(terminal, "token", "needed, as `cordon env` gives it to programs");
  if (account.route != nullptr && account.standing != "approved")
    terminal.hint(fmt::format("to look at the binding and approve it: {}", command_line("approve", options.target)));
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

void print_json(const Context& context, const Account& account) {
  const Explanation& request = account.request;
  const Json out = {{"url", url_text(request)},
                    {"host", request.host},
                    {"port", request.port},
                    {"tls", request.tls},
                    {"treatment", name(request.treatment)},
                    {"refusal", request.refusal ? Json(name(*request.refusal)) : Json()},
                    {"reason", request.reason},
                    {"route", text_or_null(request.route)},
                    {"secret", text_or_null(request.source)},
                    {"adds", request.added},
                    {"removes", request.removed},
                    {"scheme", text_or_null(request.scheme)},
                    {"approved", account.route != nullptr ? Json(account.standing == "approved") : Json()},
                    {"hides", request.hidden},
                    {"other_port", text_or_null(request.other_port)},
                    {"needs_token", account.needs_token}};
  print_json(context.terminal, out);
}

Exit run(const Context& context, const Options& options) {
  auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const auto review = review_recorded(context, *target);
  if (!review) {
    context.terminal.error(review.error().message());
    return Exit::failed;
  }
  withhold_unapproved(target->config, *review);
  auto request = explain(target->config, options.url);
  if (!request) {
    context.terminal.error(fmt::format("route explain: {}: {}", options.url, request.error().message()));
    context.terminal.hint("`cordon help route explain` shows what it takes");
    return Exit::usage;
  }
  const Account account = account_of(*target, *review, *std::move(request));
  if (options.json)
    print_json(context, account);
  else
    print_text(context, options, account);
  return account.request.treatment == Treatment::injected ? Exit::done : Exit::failed;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("URL", options->url, "A URL, or a host for https")->required()->type_name("");
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kRouteExplain = {
    .name = "explain",
    .summary = "Say what becomes of a request, and why",
    .arguments = "URL",
    .details =
        "Says which route a request for the URL takes and which headers it gets, or why it gets\n"
        "none. Goes by the config file alone: nothing is resolved, fetched or sent. Exits 0 when a\n"
        "credential is put in, 1 when not.",
    .examples =
        "  cordon route explain https://api.stripe.com/v1/charges\n"
        "  cordon route explain --json localhost:8080 | jq -r .reason\n",
    .declare = declare,
};

}  // namespace cordon::cli
