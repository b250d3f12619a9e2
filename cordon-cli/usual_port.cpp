#include "usual_port.hpp"

#include <set>
#include <string_view>
#include <vector>

#include <cordon/service_installer.hpp>

#include "free_port.hpp"
#include "integrations/tool.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

/// The configs whose places are known.
std::vector<fs::path> known_configs(const Context& context) {
  std::vector<fs::path> configs = {config_home(context.environment) / "cordon" / "cordon.toml"};
  const auto home = home_folder(context.environment);
  for (const Tool* tool : tools())
    if (home && !tool->folder.empty()) configs.push_back(*home / tool->folder / "cordon.toml");
  for (const ServiceStatus& service : ServiceInstaller(context.environment).list())
    configs.push_back(service.config);
  return configs;
}

std::set<std::uint16_t> spoken_for(const Context& context) {
  std::set<std::uint16_t> ports;
  for (const fs::path& config : known_configs(context)) {
    const auto loaded = Config::load(config);
    if (!loaded) continue;
    ports.insert(loaded->config.listen);
    for (const Listener& listener : loaded->config.listeners)
      ports.insert(listener.port);
  }
  return ports;
}

/// Where the search begins: FNV-1a of the name, the same at each try and on each system.
std::uint16_t first_port(const Instance& instance) {
  if (instance.scope == Scope::user) return kFirstPort;
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : instance.name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return static_cast<std::uint16_t>(kFirstPort + hash % (kLastPort - kFirstPort + 1U));
}

}  // namespace

std::optional<std::uint16_t> find_usual_port(const Context& context, const TargetOptions& options) {
  const auto instance = resolve_instance(context, options);
  const std::set<std::uint16_t> taken = spoken_for(context);
  std::set<std::uint16_t> passed_over = taken;
  for (std::uint16_t port = kFirstPort; instance && port < first_port(*instance); ++port)
    passed_over.insert(port);
  const auto found = find_free_port(passed_over);
  return found ? found : find_free_port(taken);
}

}  // namespace cordon::cli
