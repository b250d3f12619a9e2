// The programs that `cordon setup` knows. Each is one source of this folder, named after it, and has one row in tools().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>

#include "client_environment.hpp"
#include "command.hpp"
#include "integrations/plan.hpp"
#include "target.hpp"

namespace cordon::cli {

/// What a dummy key says. Programs that insist on a key get it; the proxy puts the real one in its place.
inline constexpr std::string_view kDummyKey = "dummy-replaced-by-cordon";

/// What a tool's plan is made of.
struct Situation {
  const Context& context;
  const Target& target;               ///< The instance, and its config, which may not be written yet.
  const std::filesystem::path& home;  ///< The home folder.
  const Variables& variables;         ///< Those of `cordon env`, with kTokenPlace for the token.
};

enum class Occasion : std::uint8_t { set_up, disabled };

struct Tool {
  std::string_view name;  ///< In commands; the token's name, too.
  std::string_view title;
  std::string_view program;  ///< What its command is called.
  /// The folder in the home folder that its cordon.toml is in. Empty: it follows --config and --scope as other commands do.
  std::string_view folder;
  /// Whether it can be set up at all; asked before anything is touched. Null: always.
  Result<> (*check)(const Context& context, const std::filesystem::path& home);
  Result<Plan> (*plan)(const Situation& situation);
  /// What is to be done once its settings are written, or taken away. Null: nothing. @returns what failed, and what to do
  Result<> (*follow_up)(const Context& context, const CaPaths& ca, Occasion occasion);
  std::string_view follow_up_text = {};  ///< What that does, as `install its gateway's service anew`.
};

extern const Tool kClaudeCode;
extern const Tool kCodex;
extern const Tool kHermes;
extern const Tool kOpenclaw;

std::span<const Tool* const> tools();
const Tool* find_tool(std::string_view name);

/// The home folder. @returns config_invalid when $HOME is not an absolute path
Result<std::filesystem::path> home_folder(const Environment& environment);

/// The folder in which no link on the way to the tool's files is followed: the project, which programs write to. None for a person's
/// own settings, which may lie behind links.
std::filesystem::path guarded_folder(const Situation& situation);

/// A variable's value; empty where there is none.
std::string variable(const Environment& environment, const std::string& name);

/// Whether an environment variable of `names` moves the tool's settings away from where they are looked for; which.
std::optional<std::string> moved_by(const Environment& environment, std::span<const std::string_view> names,
                                    const std::filesystem::path& usual);

/// The absolute path of the program `name` in the folders of $PATH; those that are not absolute are skipped.
std::optional<std::filesystem::path> find_on_path(const Environment& environment, std::string_view name);

/// `variables` as settings below `prefix`.
std::vector<Setting> settings_of(const Variables& variables, const std::vector<std::string>& prefix);

/// A setting with a dummy key for each route whose host some program knows by a variable of its own, below `prefix`.
struct ProviderKey {
  std::string_view host;
  std::string_view variable;
};
std::vector<Setting> dummy_keys(const Config& config, std::span<const ProviderKey> known,
                                const std::vector<std::string>& prefix);

/// SKILL.md (agentskills.io): tells an agent what Cordon is and what its refusals mean.
PlannedFile skill_file(const std::filesystem::path& path, const std::filesystem::path& within);

}  // namespace cordon::cli
