// Hermes Agent: hermes-agent.nousresearch.com/docs, "Environment Variables" (~/.hermes/.env, HERMES_HOME,
// HERMES_DATA_DIR_SUFFIX, the providers' keys), "Creating Skills". Its .env is loaded over the inherited environment.
#include <fmt/format.h>

#include <array>

#include "integrations/tool.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 1> kHomes = {"HERMES_HOME"};

// A provider is found by its key's variable.
constexpr std::array<ProviderKey, 8> kKeys = {{
    {"api.anthropic.com", "ANTHROPIC_API_KEY"},
    {"api.openai.com", "OPENAI_API_KEY"},
    {"openrouter.ai", "OPENROUTER_API_KEY"},
    {"api.deepseek.com", "DEEPSEEK_API_KEY"},
    {"api.fireworks.ai", "FIREWORKS_API_KEY"},
    {"generativelanguage.googleapis.com", "GOOGLE_API_KEY"},
    {"api.mistral.ai", "MISTRAL_API_KEY"},
    {"api.x.ai", "XAI_API_KEY"},
}};

Result<> check(const Context& context, const fs::path& home) {
  const fs::path folder = home / ".hermes";
  auto moved = moved_by(context.environment, kHomes, folder);
  if (!moved && !variable(context.environment, "HERMES_DATA_DIR_SUFFIX").empty()) moved = "HERMES_DATA_DIR_SUFFIX";
  if (moved) {
    return fail(
        Errc::not_supported,
        fmt::format("{} is set: only Hermes Agent's default profile, in {}, can be set up; unset it, or put the "
                    "lines of `cordon env --format dotenv` into that profile's .env",
                    *moved, folder.native()));
  }
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return {};
  return fail(Errc::file_missing, fmt::format("there is no folder {}; run `hermes setup` first", folder.native()));
}

Result<Plan> plan(const Situation& situation) {
  const fs::path folder = situation.home / ".hermes";
  std::vector<Setting> settings = settings_of(situation.variables, {});
  const auto keys = dummy_keys(situation.target.config, kKeys, {});
  settings.insert(settings.end(), keys.begin(), keys.end());
  Plan plan;
  plan.files.push_back({folder / ".env", find_format("env"), std::move(settings)});
  plan.files.push_back(skill_file(folder / "skills" / "devops" / "cordon" / "SKILL.md", {}));
  if (keys.empty())
    plan.hints.emplace_back(
        "Hermes Agent finds a provider by its key: add a route for your provider and run this again, "
        "which gives it a dummy key");
  plan.hints.emplace_back("restart Hermes Agent, and its gateway where it runs, so that it reads its .env again");
  return plan;
}

}  // namespace

const Tool kHermes = {
    .name = "hermes",
    .title = "Hermes Agent",
    .program = "hermes",
    .folder = ".hermes",
    .check = check,
    .plan = plan,
    .follow_up = nullptr,
};

}  // namespace cordon::cli
