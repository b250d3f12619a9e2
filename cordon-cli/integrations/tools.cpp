#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "integrations/tool.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const Tool*, 4> kTools = {&kClaudeCode, &kCodex, &kHermes, &kOpenclaw};

}  // namespace

std::span<const Tool* const> tools() {
  return kTools;
}

const Tool* find_tool(std::string_view name) {
  const auto* const found = std::ranges::find(kTools, name, &Tool::name);
  return found == kTools.end() ? nullptr : *found;
}

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

Result<fs::path> home_folder(const Environment& environment) {
  const fs::path home = variable(environment, "HOME");
  if (home.is_absolute()) return home;
  return fail(Errc::config_invalid, "HOME is not the absolute path of your home folder; set it, then run this again");
}

fs::path guarded_folder(const Situation& situation) {
  return situation.target.instance.scope == Scope::project ? situation.context.working_directory : fs::path();
}

std::optional<std::string> moved_by(const Environment& environment, std::span<const std::string_view> names,
                                    const fs::path& usual) {
  for (const std::string_view name : names) {
    const std::string value = variable(environment, std::string(name));
    if (!value.empty() && fs::path(value).lexically_normal() != usual) return std::string(name);
  }
  return std::nullopt;
}

std::optional<fs::path> find_on_path(const Environment& environment, std::string_view name) {
  std::string_view rest = environment.contains("PATH") ? environment.find("PATH")->second : std::string_view();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const fs::path folder = rest.substr(0, end);
    const fs::path program = folder / name;
    std::error_code ignored;
    if (folder.is_absolute() && fs::is_regular_file(program, ignored) && ::access(program.c_str(), X_OK) == 0)
      return program;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

std::vector<Setting> settings_of(const Variables& variables, const std::vector<std::string>& prefix) {
  std::vector<Setting> out;
  for (const auto& [name, value] : variables) {
    out.push_back({prefix, value, SettingKind::value});
    out.back().key.push_back(name);
  }
  return out;
}

std::vector<Setting> dummy_keys(const Config& config, std::span<const ProviderKey> known,
                                const std::vector<std::string>& prefix) {
  Variables variables;
  for (const ProviderKey& key : known) {
    if (std::ranges::find(config.routes, key.host, [](const Route& route) -> std::string_view { return route.host; }) !=
        config.routes.end())
      variables.emplace_back(key.variable, kDummyKey);
  }
  return settings_of(variables, prefix);
}

}  // namespace cordon::cli
