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

const NamedSecret* find_secret(const Terminal& terminal, const Target& target, const std::vector<NamedSecret>& secrets,
                               std::string_view name) {
  const auto found = std::ranges::find(secrets, name, &NamedSecret::name);
  if (found != secrets.end()) return &*found;
  terminal.error(fmt::format("there is no route or listener called {} in {}", name, target.instance.config.string()));
  std::vector<std::string_view> names;
  for (const NamedSecret& secret : secrets)
    names.push_back(secret.name);
  if (const auto guess = nearest(name, names))
    terminal.hint(fmt::format("did you mean {}?", *guess));
  else if (!names.empty())
    terminal.hint(fmt::format("there are: {}", fmt::join(names, ", ")));
  return nullptr;
}

Exit exit_of(const Error& error) {
  const bool temporary = error.code == Errc::store_unavailable || error.code == Errc::secret_timeout;
  return temporary ? Exit::store_unavailable : Exit::failed;
}

}  // namespace cordon::cli
