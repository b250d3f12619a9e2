#include "named_secret.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace cordon::cli {

std::string NamedSecret::title() const {
  return fmt::format("{} {}", kind, name);
}

std::vector<NamedSecret> secrets_of(const Config& config) {
  std::vector<NamedSecret> secrets;
  for (const Route& route : config.routes)
    secrets.push_back({"route", route.name, route.secret});
  for (const Listener& listener : config.listeners)
    secrets.push_back({"listener", listener.name, listener.secret});
  return secrets;
}

void report_unknown_name(const Context& context, const Target& target, const TargetOptions& named,
                         std::string_view kind, std::string_view name, std::span<const std::string_view> known) {
  const Terminal& terminal = context.terminal;
  terminal.error(fmt::format("there is no {} `{}` in {}", kind, name, target.instance.config.string()));
  if (const auto guess = nearest(name, known))
    terminal.hint(fmt::format("did you mean `{}`?", *guess));
  else if (!known.empty())
    terminal.hint(fmt::format("there are: {}", fmt::join(known, ", ")));
  else
    terminal.hint(fmt::format("there is none at all; to add one: {}",
                              command_line(kind == "listener" ? "listener add" : "route add", named)));
}

const NamedSecret* find_secret(const Context& context, const Target& target, const TargetOptions& named,
                               const std::vector<NamedSecret>& secrets, std::string_view name) {
  const auto found = std::ranges::find(secrets, name, &NamedSecret::name);
  if (found != secrets.end()) return &*found;
  std::vector<std::string_view> names;
  for (const NamedSecret& secret : secrets)
    names.push_back(secret.name);
  report_unknown_name(context, target, named, "route or listener", name, names);
  return nullptr;
}

}  // namespace cordon::cli
