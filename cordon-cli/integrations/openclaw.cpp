// OpenClaw: docs.openclaw.ai, "Network proxy" (proxy.enabled, proxy.proxyUrl, `gateway install --force`), "Environment
// variables" (where its files are), "Gateway CLI". That `gateway install` keeps NODE_EXTRA_CA_CERTS and NODE_USE_SYSTEM_CA for
// the service was seen in its 2026.9.6. Its settings are edited here, not with `openclaw config set`, because an argument would
// show the token to every program.
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "integrations/program.hpp"
#include "integrations/tool.hpp"

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

struct Step {
  std::string_view name;
  std::vector<std::string> arguments;
  std::chrono::seconds deadline;
};

Result<> check(const Context& context, const fs::path& home) {
  constexpr std::array<std::string_view, 2> kFolders = {"OPENCLAW_STATE_DIR", "OPENCLAW_HOME"};
  const fs::path folder = home / ".openclaw";
  if (!find_on_path(context.environment, "openclaw"))
    return fail(Errc::file_missing, "openclaw is not on the PATH; install it, then run this again");
  auto moved = moved_by(context.environment, std::span(kFolders).first(1), folder);
  if (!moved) moved = moved_by(context.environment, std::span(kFolders).last(1), home);
  constexpr std::array<std::string_view, 1> kConfig = {"OPENCLAW_CONFIG_PATH"};
  if (!moved) moved = moved_by(context.environment, kConfig, folder / "openclaw.json");
  if (!moved && !variable(context.environment, "OPENCLAW_PROFILE").empty()) moved = "OPENCLAW_PROFILE";
  if (moved) {
    return fail(Errc::not_supported,
                fmt::format("{} is set: only OpenClaw's default profile, in {}, can be set up; unset "
                            "it, then run this again",
                            *moved, folder.native()));
  }
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return {};
  return fail(Errc::file_missing, fmt::format("there is no folder {}; run `openclaw onboard` first", folder.native()));
}

Result<Plan> plan(const Situation& situation) {
  const fs::path folder = situation.home / ".openclaw";
  const std::string url = planned_url(situation.target, kTokenPlace);
  Plan plan;
  plan.files.push_back(
      {folder / "openclaw.json", find_format("json"), {{{"proxy", "enabled"}, true}, {{"proxy", "proxyUrl"}, url}}});
  plan.files.push_back(skill_file(folder / "skills" / "cordon" / "SKILL.md", {}));
  return plan;
}

/// The service's environment is the one in which it is installed.
Environment environment_for(const Environment& environment, const CaPaths& ca, Occasion occasion) {
  Environment out = environment;
  if (occasion == Occasion::set_up) {
    out["NODE_EXTRA_CA_CERTS"] = ca.cert.string();
    out["NODE_USE_SYSTEM_CA"] = "1";
  } else if (variable(environment, "NODE_EXTRA_CA_CERTS") == ca.cert.string()) {
    out.erase("NODE_EXTRA_CA_CERTS");
  }
  return out;
}

Result<> follow_up(const Context& context, const CaPaths& ca, Occasion occasion) {
  const auto program = find_on_path(context.environment, "openclaw");
  if (!program) return fail(Errc::file_missing, "openclaw is not on the PATH: its service still has the old settings");
  const Environment environment = environment_for(context.environment, ca, occasion);
  const std::array<Step, 3> steps = {
      {{"gateway install --force", {"gateway", "install", "--force"}, std::chrono::seconds{180}},
       {"gateway restart", {"gateway", "restart"}, std::chrono::seconds{120}},
       {"gateway status", {"gateway", "status"}, std::chrono::seconds{60}}}};
  for (const Step& step : steps) {
    const auto done = run_program({*program, step.arguments, environment, step.deadline});
    if (!done) return fail(done.error().code, fmt::format("openclaw {}: {}", step.name, done.error().context));
  }
  return {};
}

}  // namespace

const Tool kOpenclaw = {
    .name = "openclaw",
    .title = "OpenClaw",
    .program = "openclaw",
    .folder = ".openclaw",
    .check = check,
    .plan = plan,
    .follow_up = follow_up,
    .follow_up_text =
        "install its gateway's service anew and restart it: openclaw gateway install --force, restart, status",
};

}  // namespace cordon::cli
