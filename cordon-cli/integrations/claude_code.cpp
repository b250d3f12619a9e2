// Claude Code: code.claude.com/docs, "Settings" (env, settings files and their scopes), "Hooks reference" (UserPromptSubmit,
// exit code 2), "Network configuration" (HTTPS_PROXY with a user name and password, NODE_EXTRA_CA_CERTS), "Skills".
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <cordon/service_installer.hpp>

#include "integrations/tool.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<ProviderKey, 1> kKeys = {{{"api.anthropic.com", "ANTHROPIC_API_KEY"}}};
constexpr int kHookSeconds = 10;

/// Where its own files are: in the project, or for all of them.
fs::path folder_of(const Situation& situation) {
  if (situation.target.instance.scope == Scope::project) return situation.context.working_directory / ".claude";
  const fs::path moved = variable(situation.context.environment, "CLAUDE_CONFIG_DIR");
  return moved.is_absolute() ? moved : situation.home / ".claude";
}

/// The hook that holds every prompt back while the proxy does not run. It is run by a shell; its exit status 2 blocks the
/// prompt, and the person is shown what it says on standard error.
Result<Setting> health_hook(const Situation& situation) {
  const auto program = current_program(situation.context.environment);
  if (!program) return std::unexpected(program.error());
  const std::string config = shell_quoted(situation.target.instance.config.string());
  const std::string advice = fmt::format("Cordon is not running. Start it with: cordon start --config {}", config);
  const std::string command = fmt::format("{} status --quiet --config {} || {{ echo {} >&2; exit 2; }}",
                                          shell_quoted(program->string()), config, shell_quoted(advice));
  const Json hook = {{"type", "command"}, {"command", command}, {"timeout", kHookSeconds}};
  return Setting{{"hooks", "UserPromptSubmit"}, {{"hooks", Json::array({hook})}}, SettingKind::element};
}

/// Whether `value` is something that `cordon env` of some instance prints for the variable.
bool is_from_cordon(const Json& value, const fs::path& state_home) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  const bool address = text.starts_with("http://") && text.contains("127.0.0.1:");
  return address || text.starts_with(state_home.string() + "/");
}

/// The variables that earlier versions wrote into the settings that a team shares. Only where one of the CA's files shows that
/// they are Cordon's.
Result<std::vector<Leftover>> find_leftovers(const Situation& situation, const std::vector<Setting>& ours) {
  const fs::path path = folder_of(situation) / "settings.json";
  const Format* const format = find_format("json");
  const fs::path within = guarded_folder(situation);
  const auto file = read_settings_file({path, within});
  if (!file) return std::unexpected(file.error());
  const fs::path state_home = config_home(situation.context.environment) / "cordon";
  Leftover leftover{path, format, {}, within};
  bool has_ca = false;
  for (Setting setting : ours) {
    const auto value = format->find(file->text.value_or(""), setting);
    if (!value) return fail(value.error().code, fmt::format("{}: {}", path.native(), value.error().context));
    if (!*value || !is_from_cordon(**value, state_home)) continue;
    has_ca = has_ca || (*value)->get_ref<const std::string&>().starts_with('/');
    setting.value = **value;
    leftover.settings.push_back(std::move(setting));
  }
  return has_ca ? std::vector{std::move(leftover)} : std::vector<Leftover>();
}

std::vector<std::string> hints_for(const Situation& situation, bool has_key) {
  std::vector<std::string> hints;
  if (situation.target.instance.scope == Scope::project)
    hints.emplace_back("keep .claude/settings.local.json out of version control: it has a token in it");
  hints.emplace_back(has_key ? "Claude Code may ask once whether to use the dummy ANTHROPIC_API_KEY: say yes"
                             : "Claude Code's own requests keep its login; to give it a key by Cordon, add a route for "
                               "api.anthropic.com and run this again");
  return hints;
}

Result<Plan> plan(const Situation& situation) {
  const bool project = situation.target.instance.scope == Scope::project;
  const fs::path folder = folder_of(situation);
  std::vector<Setting> settings = settings_of(situation.variables, {"env"});
  const auto keys = dummy_keys(situation.target.config, kKeys, {"env"});
  Plan plan;
  if (project) {
    auto leftovers = find_leftovers(situation, settings);
    if (!leftovers) return std::unexpected(std::move(leftovers).error());
    plan.leftovers = std::move(*leftovers);
  }
  settings.insert(settings.end(), keys.begin(), keys.end());
  auto hook = health_hook(situation);
  if (!hook) return std::unexpected(std::move(hook).error());
  settings.push_back(std::move(*hook));
  plan.hints = hints_for(situation, !keys.empty());
  const fs::path within = guarded_folder(situation);
  plan.files.push_back({folder / (project ? "settings.local.json" : "settings.json"),
                        find_format("json"),
                        std::move(settings),
                        {},
                        within});
  plan.files.push_back(skill_file(folder / "skills" / "cordon" / "SKILL.md", within));
  return plan;
}

}  // namespace

const Tool kClaudeCode = {
    .name = "claude-code",
    .title = "Claude Code",
    .program = "claude",
    .folder = "",
    .check = nullptr,
    .plan = plan,
    .follow_up = nullptr,
};

}  // namespace cordon::cli
