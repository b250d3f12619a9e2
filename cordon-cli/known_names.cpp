#include "known_names.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include <cordon/service_installer.hpp>
#include <cordon/token_set.hpp>

#include "integrations/tool.hpp"

namespace cordon::cli {
namespace {

using Names = KnownNames (*)(const Context& context, const TargetOptions& target);

std::optional<Config> config_of(const Context& context, const TargetOptions& target) {
  const auto instance = resolve_instance(context, target);
  if (!instance) return std::nullopt;
  auto loaded = Config::load(instance->config);
  return loaded ? std::optional(std::move(loaded->config)) : std::nullopt;
}

KnownNames routes(const Context& context, const TargetOptions& target) {
  KnownNames out;
  const auto config = config_of(context, target);
  for (const Route& route : config ? config->routes : std::vector<Route>())
    out.emplace_back(route.name, route.host);
  return out;
}

KnownNames listeners(const Context& context, const TargetOptions& target) {
  KnownNames out;
  const auto config = config_of(context, target);
  for (const Listener& listener : config ? config->listeners : std::vector<Listener>())
    out.emplace_back(listener.name, listener.upstream_host);
  return out;
}

KnownNames routes_and_listeners(const Context& context, const TargetOptions& target) {
  KnownNames out = routes(context, target);
  for (auto& listener : listeners(context, target))
    out.push_back(std::move(listener));
  return out;
}

KnownNames tokens(const Context& context, const TargetOptions& target) {
  KnownNames out;
  const auto instance = resolve_instance(context, target);
  const auto listed = instance ? TokenFile(instance->tokens).list() : std::vector<TokenInfo>();
  if (!listed) return out;
  for (const TokenInfo& token : *listed)
    out.emplace_back(token.name, token.routes.empty() ? "" : fmt::format("{}", fmt::join(token.routes, ", ")));
  return out;
}

KnownNames services(const Context& context, const TargetOptions& /*target*/) {
  KnownNames out;
  for (const ServiceStatus& service : ServiceInstaller(context.environment).list())
    out.emplace_back(service.name, service.config.string());
  return out;
}

KnownNames tool_names(const Context& /*context*/, const TargetOptions& /*target*/) {
  KnownNames out;
  for (const Tool* tool : tools())
    out.emplace_back(std::string(tool->name), std::string(tool->title));
  return out;
}

struct Row {
  std::string_view command;  ///< Empty: every command.
  std::string_view option;
  Names names;
};

constexpr auto kRows = std::to_array<Row>({
    {"", "--route", routes_and_listeners},
    {"", "--token", tokens},
    {"token rotate", "NAME", tokens},
    {"token revoke", "NAME", tokens},
    {"secret set", "NAME", routes_and_listeners},
    {"secret check", "NAME", routes_and_listeners},
    {"secret delete", "NAME", routes_and_listeners},
    {"approve", "NAME", routes_and_listeners},
    {"route edit", "ROUTE", routes},
    {"route show", "ROUTE", routes},
    {"route remove", "ROUTE", routes},
    {"listener edit", "LISTENER", listeners},
    {"listener show", "LISTENER", listeners},
    {"listener remove", "LISTENER", listeners},
    {"service uninstall", "NAME", services},
    {"service start", "NAME", services},
    {"service stop", "NAME", services},
    {"service restart", "NAME", services},
    {"service status", "NAME", services},
    {"service logs", "NAME", services},
    {"setup", "TOOL", tool_names},
    {"integration disable", "TOOL", tool_names},
});

/// The shell has not replaced a `~` yet.
std::string without_tilde(const Environment& environment, const std::string& path) {
  const auto home = environment.find("HOME");
  return path.starts_with("~/") && home != environment.end() ? home->second + path.substr(1) : path;
}

}  // namespace

KnownNames known_names(const Context& context, TargetOptions target, std::string_view command,
                       std::string_view option) {
  const auto row = std::ranges::find_if(kRows, [&](const Row& known) {
    return known.option == option && (known.command.empty() || known.command == command);
  });
  if (row == kRows.end() || (!target.config.empty() && !target.scope.empty())) return {};
  target.config = without_tilde(context.environment, target.config);
  return row->names(context, target);
}

}  // namespace cordon::cli
