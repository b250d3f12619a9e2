// Codex: developers.openai.com/codex, "Config basics" (user and project config.toml, trusted projects), "Advanced
// configuration" (shell_environment_policy), "Environment variables" (CODEX_HOME), "Agent Skills". That it loads `.env` of
// CODEX_HOME at its start, and drops CODEX_* from it, is in codex-rs/arg0 of its source.
#include <fmt/format.h>

#include "integrations/tool.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

fs::path folder_of(const Situation& situation) {
  if (situation.target.instance.scope == Scope::project) return situation.context.working_directory / ".codex";
  const fs::path moved = variable(situation.context.environment, "CODEX_HOME");
  return moved.is_absolute() ? moved : situation.home / ".codex";
}

/// Skills are looked for beside, not inside, its own folder.
fs::path skills_of(const Situation& situation) {
  const bool project = situation.target.instance.scope == Scope::project;
  return (project ? situation.context.working_directory : situation.home) / ".agents" / "skills";
}

std::vector<std::string> hints_for(const Situation& situation) {
  std::vector<std::string> hints;
  if (situation.target.instance.scope == Scope::project) {
    hints.emplace_back("keep .codex/.env and .codex/config.toml out of version control: they have a token in them");
    hints.emplace_back(
        "start it with: CODEX_HOME=\"$PWD/.codex\" codex; otherwise only the commands that it runs use the "
        "proxy, and only in a project that it trusts");
  }
  hints.push_back(
      fmt::format("Codex's own requests need API-key login and a route for api.openai.com: "
                  "echo {} | codex login --with-api-key",
                  kDummyKey));
  return hints;
}

Result<Plan> plan(const Situation& situation) {
  const fs::path folder = folder_of(situation);
  const fs::path within = guarded_folder(situation);
  Plan plan;
  plan.files.push_back({folder / ".env", find_format("env"), settings_of(situation.variables, {}), {}, within});
  plan.files.push_back({folder / "config.toml",
                        find_format("toml"),
                        settings_of(situation.variables, {"shell_environment_policy", "set"}),
                        {},
                        within});
  plan.files.push_back(skill_file(skills_of(situation) / "cordon" / "SKILL.md", within));
  plan.hints = hints_for(situation);
  return plan;
}

}  // namespace

const Tool kCodex = {
    .name = "codex",
    .title = "Codex",
    .program = "codex",
    .folder = "",
    .check = nullptr,
    .plan = plan,
    .follow_up = nullptr,
};

}  // namespace cordon::cli
