// cordon check: says whether the config is valid and what `cordon start` would do with it. Fetches no secret, writes
// nothing.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <system_error>

#include "approvals.hpp"
#include "command.hpp"
#include "json_output.hpp"
#include "listener_text.hpp"
#include "route_text.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  bool json = false;
};

/// All that is known about a config file, good or bad.
struct Findings {
  Instance instance;
  std::vector<ConfigFault> faults;
  std::optional<Target> target;                   ///< There when there are no faults.
  std::optional<Result<BindingReview>> bindings;  ///< Likewise.

  bool good() const { return faults.empty() && !bindings_error(); }
  const Error* bindings_error() const { return bindings && !*bindings ? &bindings->error() : nullptr; }
};

Findings examine(const Context& context, Instance instance) {
  Findings findings{std::move(instance), {}, std::nullopt, std::nullopt};
  auto loaded = Config::load(findings.instance.config);
  if (loaded)
    findings.target = Target{findings.instance, std::move(loaded->config), std::move(loaded->warnings)};
  else
    findings.faults = std::move(loaded.error());
  if (findings.target) findings.bindings = review_target(context, *findings.target);
  return findings;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string tls_text(const Target& target) {
  if (!target.config.tls.enabled) return "off: nothing inside TLS gets a credential";
  const CaPaths paths = target.ca_paths();
  return fmt::format("on, with the CA {}{}", paths.cert.string(),
                     is_there(paths.cert) ? "" : ", made at the first start");
}

std::string row(const Terminal& terminal, std::string_view label, std::string_view value) {
  return fmt::format("  {:<11}{}\n", label, terminal.paint(Style::plain, value));
}

void print_routes(Terminal& terminal, const std::vector<Route>& routes) {
  terminal.print(fmt::format("\n{}\n", terminal.paint(Style::bold, counted(routes.size(), "route"))));
  for (const Route& route : routes) {
    terminal.print(fmt::format("  {}\n", terminal.paint(Style::cyan, route.name)));
    const std::string plain = route.allow_plaintext ? ", also without TLS to a local or private address" : "";
    terminal.print(fmt::format("    {}\n    {}\n",
                               terminal.paint(Style::plain, route.host + ", " + ports_text(route.ports) + plain),
                               terminal.paint(Style::plain, header_text(route))));
  }
}

std::string way_text(const Listener& listener) {
  return fmt::format("127.0.0.1:{} to {}, TLS {}", listener.port, upstream_text(listener),
                     listener.upstream_tls == UpstreamTls::disable ? "off" : "verified");
}

void print_listeners(Terminal& terminal, const std::vector<Listener>& listeners) {
  if (listeners.empty()) return;
  terminal.print(fmt::format("\n{}\n", terminal.paint(Style::bold, counted(listeners.size(), "listener"))));
  for (const Listener& listener : listeners) {
    terminal.print(fmt::format("  {}\n", terminal.paint(Style::cyan, listener.name)));
    const std::string login = fmt::format("logs in as {} with <{}>", listener.username, describe(listener.secret));
    terminal.print(fmt::format("    {}\n    {}\n", terminal.paint(Style::plain, way_text(listener)),
                               terminal.paint(Style::plain, login)));
    if (const std::string allowed = allowances_text(listener); !allowed.empty())
      terminal.print(fmt::format("    allows {}\n", allowed));
  }
}

void print_plan(Terminal& terminal, const Target& target) {
  const std::string path = terminal.paint(Style::plain, target.instance.config.string());
  terminal.print(fmt::format("{} is {}\n", path, terminal.paint(Style::green, "valid")));
  terminal.print(row(terminal, "address", fmt::format("127.0.0.1:{}", target.config.listen)));
  terminal.print(row(terminal, "instance", target.instance.name));
  terminal.print(row(terminal, "tls", tls_text(target)));
  print_routes(terminal, target.config.routes);
  print_listeners(terminal, target.config.listeners);
}

void warn_of(const Terminal& terminal, const BindingReview& review, const Options& options) {
  for (const RequestedBinding& binding : review.unapproved)
    terminal.warning(fmt::format("not approved: {}", describe(binding)));
  if (review.unapproved.empty()) return;
  terminal.hint(fmt::format("{}to approve them: {}",
                            review.rule == ApprovalRule::required ? "their requests will be refused until then; " : "",
                            command_line("approve", options.target)));
}

Exit report_as_text(const Context& context, const Options& options, const Findings& findings) {
  for (const ConfigFault& fault : findings.faults)
    context.terminal.error(fault.to_string());
  if (findings.target)
    for (const ConfigFault& warning : findings.target->warnings)
      context.terminal.warning(warning.to_string());
  if (const Error* error = findings.bindings_error()) context.terminal.error(error->message());
  if (findings.good()) {
    print_plan(context.terminal, *findings.target);
    warn_of(context.terminal, **findings.bindings, options);
    return Exit::done;
  }
  const std::size_t count = findings.faults.size() + (findings.bindings_error() != nullptr ? 1 : 0);
  context.terminal.hint(fmt::format("{}; mend {}, then: {}", counted(count, "fault"), count == 1 ? "it" : "them",
                                    command_line("check", options.target)));
  return Exit::failed;
}

Json to_json(const std::vector<ConfigFault>& faults) {
  auto out = Json::array();
  for (const ConfigFault& fault : faults)
    out.push_back({{"file", fault.file.string()},
                   {"line", fault.line},
                   {"column", fault.column},
                   {"key", fault.key},
                   {"message", fault.message}});
  return out;
}

Json to_json(const Result<BindingReview>& bindings) {
  if (!bindings) return {{"error", bindings.error().message()}};
  Json out = {{"approval_required", bindings->rule == ApprovalRule::required}, {"unapproved", Json::array()}};
  for (const RequestedBinding& binding : bindings->unapproved)
    out["unapproved"].push_back(
        {{"name", binding.name}, {"secret", binding.source}, {"to", destination_text(binding.binding)}});
  return out;
}

Exit report_as_json(const Context& context, const Findings& findings) {
  Json out = {{"valid", findings.good()},
              {"config", findings.instance.config.string()},
              {"instance", findings.instance.name},
              {"faults", to_json(findings.faults)}};
  if (findings.target) {
    const Target& target = *findings.target;
    out["warnings"] = to_json(target.warnings);
    out["address"] = fmt::format("127.0.0.1:{}", target.config.listen);
    out["tls"] = target.config.tls.enabled;
    out["ca_cert_path"] = target.ca_paths().cert.string();
    out["routes"] = Json::array();
    for (const Route& route : target.config.routes)
      out["routes"].push_back(json_of(route));
    out["listeners"] = Json::array();
    for (const Listener& listener : target.config.listeners)
      out["listeners"].push_back(json_of(listener));
    out["bindings"] = to_json(*findings.bindings);
  }
  // Bytes that are not UTF-8, as a path may have, become U+FFFD.
  print_json(context.terminal, out);
  return findings.good() ? Exit::done : Exit::failed;
}

Exit run(const Context& context, const Options& options) {
  auto instance = resolve_instance(context, options.target);
  if (!instance) {
    context.terminal.error(instance.error().message());
    return Exit::failed;
  }
  if (!options.json && !is_there(instance->config)) {
    report_missing_config(context.terminal, *instance);
    return Exit::failed;
  }
  const Findings findings = examine(context, std::move(*instance));
  return options.json ? report_as_json(context, findings) : report_as_text(context, options, findings);
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kCheck = {
    .name = "check",
    .summary = "Validate the config and say what start would do",
    .arguments = "",
    .details =
        "Reports every fault of the config at once, or what `cordon start` would do.\n"
        "Fetches no secret and changes nothing, so it fits into CI.",
    .examples =
        "  cordon check\n"
        "  cordon check --config services/cordon.toml\n"
        "  cordon check --json | jq .routes[].host\n",
    .declare = declare,
};

}  // namespace cordon::cli
