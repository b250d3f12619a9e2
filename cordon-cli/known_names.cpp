#include "known_names.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include <cordon/token_set.hpp>

namespace cordon::cli {
namespace {

using Names = KnownNames (*)(const Instance& instance);

KnownNames routes(const Instance& instance) {
  KnownNames out;
  const auto loaded = Config::load(instance.config);
  if (!loaded) return out;
  for (const Route& route : loaded->config.routes)
    out.emplace_back(route.name, route.host);
  return out;
}

KnownNames routes_and_listeners(const Instance& instance) {
  KnownNames out = routes(instance);
  const auto loaded = Config::load(instance.config);
  if (!loaded) return out;
  for (const Listener& listener : loaded->config.listeners)
    out.emplace_back(listener.name, listener.upstream_host);
  return out;
}

KnownNames tokens(const Instance& instance) {
  KnownNames out;
  const auto listed = TokenFile(instance.tokens).list();
  if (!listed) return out;
  for (const TokenInfo& token : *listed)
    out.emplace_back(token.name, token.routes.empty() ? "" : fmt::format("{}", fmt::join(token.routes, ", ")));
  return out;
}

struct Row {
  std::string_view command;  ///< Empty: every command.
  std::string_view option;
  Names names;
};

constexpr auto kRows = std::to_array<Row>({
    {"", "--route", routes},
    {"", "--token", tokens},
    {"token rotate", "NAME", tokens},
    {"token revoke", "NAME", tokens},
    {"secret set", "NAME", routes_and_listeners},
    {"secret check", "NAME", routes_and_listeners},
    {"secret delete", "NAME", routes_and_listeners},
    {"approve", "NAME", routes_and_listeners},
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
  const auto instance = resolve_instance(context, target);
  return instance ? row->names(*instance) : KnownNames();
}

}  // namespace cordon::cli
