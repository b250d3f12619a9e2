// cordon integration: what setup has done to other programs' settings, and the undoing of it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <system_error>

#include <cordon/token_set.hpp>

#include "command.hpp"
#include "failure.hpp"
#include "integrations/tool.hpp"
#include "integrations/undo.hpp"
#include "json_output.hpp"
#include "process_settings.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string tool;
  bool json = false;
};

bool names_instance(const TargetOptions& options) {
  return !options.config.empty() || !options.scope.empty();
}

/// The instances that a tool may be set up for: the one that the options name, or else all whose place is known.
std::vector<TargetOptions> places_for(const Tool& tool, const std::filesystem::path& home, const TargetOptions& given) {
  if (names_instance(given)) return {given};
  if (!tool.folder.empty()) return {{(home / tool.folder / "cordon.toml").string(), {}}};
  return {{}, {{}, "user"}};
}

/// A tool's entry in the record of an instance.
struct SetUp {
  TargetOptions options;
  Instance instance;
  Record record;
};

/// Whether there can be a config. A tool's own folder comes with the tool.
bool folder_exists(const TargetOptions& options) {
  std::error_code ignored;
  return options.config.empty() ||
         std::filesystem::exists(std::filesystem::path(options.config).parent_path(), ignored);
}

/// Where the tool is set up; nowhere when the list is empty.
Result<std::vector<SetUp>> find_set_up(const Context& context, const Tool& tool, const std::filesystem::path& home,
                                       const TargetOptions& given) {
  std::vector<SetUp> found;
  for (const TargetOptions& options : places_for(tool, home, given)) {
    auto instance = resolve_instance(context, options);
    if (!instance && !names_instance(given) && !folder_exists(options)) continue;
    if (!instance) return std::unexpected(std::move(instance).error());
    auto record = Record::load(*instance);
    if (!record) return std::unexpected(std::move(record).error());
    if (record->find(tool.name) != nullptr) found.push_back({options, std::move(*instance), std::move(*record)});
  }
  return found;
}

// list

struct Row {
  const Tool* tool;
  std::optional<std::filesystem::path> program;
  const SetUp* set_up;  ///< Null: it is not.
  std::vector<Drift> drift;
};

std::string drift_text(const Drift& drift) {
  if (!drift.problem.empty()) return drift.problem;
  std::vector<std::string> parts;
  if (!drift.changed.empty()) parts.push_back(fmt::format("changed: {}", fmt::join(drift.changed, ", ")));
  if (!drift.missing.empty()) parts.push_back(fmt::format("missing: {}", fmt::join(drift.missing, ", ")));
  return fmt::format("{}: {}", drift.path.string(), fmt::join(parts, "; "));
}

std::string state_text(const Row& row) {
  if (row.set_up == nullptr) return "not set up";
  return fmt::format("set up for {}{}", row.set_up->instance.config.string(),
                     row.drift.empty() ? "" : ", not as it was left");
}

void print_row(const Context& context, const Row& row) {
  Terminal& terminal = context.terminal;
  terminal.print(fmt::format("{}  {}; {}\n", terminal.paint(Style::bold, fmt::format("{:<11}", row.tool->name)),
                             row.program ? terminal.paint(Style::plain, row.program->string()) : "not installed",
                             terminal.paint(Style::plain, state_text(row))));
  if (row.set_up == nullptr) return;
  for (const RecordedFile& file : row.set_up->record.find(row.tool->name)->files)
    terminal.print(fmt::format("             {}\n", terminal.paint(Style::plain, file.path.string())));
  for (const Drift& drift : row.drift)
    context.terminal.warning(drift_text(drift));
  if (!row.drift.empty())
    context.terminal.hint(fmt::format("to write them again: {}",
                                      command_line(fmt::format("setup {}", row.tool->name), row.set_up->options)));
}

Json json_of(const Row& row) {
  Json out = {{"tool", row.tool->name},
              {"title", row.tool->title},
              {"program", row.program ? Json(row.program->string()) : Json()},
              {"set_up", row.set_up != nullptr}};
  if (row.set_up == nullptr) return out;
  out["config"] = row.set_up->instance.config.string();
  out["token"] = row.set_up->record.find(row.tool->name)->token;
  out["files"] = Json::array();
  for (const RecordedFile& file : row.set_up->record.find(row.tool->name)->files)
    out["files"].push_back(
        {{"path", file.path.string()}, {"backup", file.backup ? Json(file.backup->string()) : Json()}});
  out["drift"] = Json::array();
  for (const Drift& drift : row.drift)
    out["drift"].push_back({{"path", drift.path.string()},
                            {"changed", drift.changed},
                            {"missing", drift.missing},
                            {"problem", drift.problem.empty() ? Json() : Json(drift.problem)}});
  return out;
}

/// One row for each place that the tool is set up in, or one that says that it is in none.
std::vector<Row> rows_of(const Context& context, const Tool& tool, const std::vector<SetUp>& places) {
  const auto program = find_on_path(context.environment, tool.program);
  if (places.empty()) return {{&tool, program, nullptr, {}}};
  std::vector<Row> rows;
  for (const SetUp& place : places)
    rows.push_back({&tool, program, &place, find_drift(*place.record.find(tool.name))});
  return rows;
}

Exit list(const Context& context, const Options& options) {
  const auto home = home_folder(context.environment);
  if (!home) return fail_with(context, home.error());
  Json report = {{"integrations", Json::array()}};
  for (const Tool* tool : tools()) {
    const auto places = find_set_up(context, *tool, *home, options.target);
    if (!places) return fail_with(context, places.error());
    for (const Row& row : rows_of(context, *tool, *places)) {
      if (options.json)
        report["integrations"].push_back(json_of(row));
      else
        print_row(context, row);
    }
  }
  if (options.json) print_json(context.terminal, report);
  return Exit::done;
}

// disable

Exit report_not_set_up(const Context& context, const Options& options, const Tool& tool) {
  const bool anywhere = tool.folder.empty() && !names_instance(options.target);
  if (options.json)
    print_json(context.terminal, {{"disabled", tool.name}, {"config", nullptr}, {"files", Json::array()}});
  else
    context.terminal.print(fmt::format("{} is already not set up{}\n", tool.title,
                                       anywhere ? " for this folder's cordon.toml, nor for the user's" : " there"));
  return Exit::done;
}

void print_outcome(const Context& context, const UndoneFile& file) {
  context.terminal.print(
      fmt::format("{:<9} {}\n", name(file.undone), context.terminal.paint(Style::plain, file.path.string())));
  if (!file.left.empty())
    context.terminal.warning(
        fmt::format("{}: changed since, and left as it is: {}", file.path.string(), fmt::join(file.left, ", ")));
  if (file.undone == Undone::left)
    context.terminal.warning(fmt::format("{}: changed since, and left as it is", file.path.string()));
  if (file.changed_backup)
    context.terminal.warning(
        fmt::format("{} is not what setup wrote there, and was not used: what was in {} before setup is not known",
                    file.changed_backup->string(), file.path.string()));
  if (file.backup)
    context.terminal.hint(fmt::format("what was there before setup is still in {}", file.backup->string()));
}

Json json_of(const UndoneFile& file) {
  return {{"path", file.path.string()},
          {"undone", name(file.undone)},
          {"left", file.left},
          {"backup", file.backup ? Json(file.backup->string()) : Json()}};
}

/// What comes once the settings are taken back. The token goes after all that may use it, and the record last: what fails on the way
/// can be done again.
Result<> finish(const Context& context, SetUp& place, const Tool& tool) {
  if (tool.follow_up != nullptr)
    if (auto followed = tool.follow_up(context, place.instance.ca, Occasion::disabled); !followed) return followed;
  TokenFile tokens(place.instance.tokens);
  auto revoked = tokens.revoke(place.record.find(tool.name)->token);
  const bool gone =
      !revoked && (revoked.error().code == Errc::token_invalid || revoked.error().code == Errc::file_missing);
  if (!revoked && !gone) return revoked;
  place.record.remove(tool.name);
  return place.record.save();
}

Exit disable_in(const Context& context, const Options& options, const Tool& tool, SetUp& place) {
  const auto files = undo(*place.record.find(tool.name));
  if (!files) return fail_with(context, files.error());
  Json report = {{"disabled", tool.name}, {"config", place.instance.config.string()}, {"files", Json::array()}};
  for (const UndoneFile& file : *files) {
    report["files"].push_back(json_of(file));
    if (!options.json) print_outcome(context, file);
  }
  const auto finished = finish(context, place, tool);
  if (!finished) report["error"] = cli::json_of(finished.error());
  if (options.json) print_json(context.terminal, report);
  if (finished) return Exit::done;
  const Exit exit = fail_with(context, finished.error());
  context.terminal.hint(fmt::format("once that is mended, run this again: {}",
                                    command_line(fmt::format("integration disable {}", tool.name), place.options)));
  return exit;
}

Exit disable(const Context& context, const Options& options) {
  hide_memory();
  const Tool* const tool = find_tool(options.tool);
  if (tool == nullptr) {
    context.terminal.error(fmt::format("there is no integration `{}`", options.tool));
    context.terminal.hint("those that there are: cordon integration list");
    return Exit::usage;
  }
  const auto home = home_folder(context.environment);
  if (!home) return fail_with(context, home.error());
  auto places = find_set_up(context, *tool, *home, options.target);
  if (!places) return fail_with(context, places.error());
  if (places->empty()) return report_not_set_up(context, options, *tool);
  return disable_in(context, options, *tool, places->front());  // the project before the user
}

/// The options that both have, and the action.
Action declare_with(CLI::App& app, const std::shared_ptr<Options>& options,
                    Exit (*run)(const Context& context, const Options& options)) {
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options, run](const Context& context) { return run(context, *options); };
}

Action declare_list(CLI::App& app) {
  return declare_with(app, std::make_shared<Options>(), list);
}

Action declare_disable(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("TOOL", options->tool, "claude-code, codex, hermes or openclaw")->required()->type_name("");
  return declare_with(app, options, disable);
}

constexpr Command kList = {
    .name = "list",
    .summary = "Show which programs are set up",
    .arguments = "",
    .details =
        "Shows the programs that `cordon setup` knows: whether they are installed, whether and for\n"
        "which config they are set up, in which files, and what somebody has changed there since.",
    .examples =
        "  cordon integration list\n"
        "  cordon integration list --json | jq '.integrations[] | select(.set_up)'\n",
    .declare = declare_list,
};

constexpr Command kDisable = {
    .name = "disable",
    .summary = "Take back what setup wrote for a program",
    .arguments = "TOOL",
    .details =
        "Takes what setup wrote out of the program's settings, puts back what was there before, and\n"
        "revokes the program's token. What somebody has changed since is left, and named. The\n"
        "config, the CA and the other tokens stay.",
    .examples =
        "  cordon integration disable claude-code\n"
        "  cordon integration disable codex --scope user\n",
    .declare = declare_disable,
};

constexpr std::array<const Command*, 2> kSubcommands = {&kList, &kDisable};

}  // namespace

const Command kIntegration = {
    .name = "integration",
    .summary = "List what setup did to other programs, and undo it",
    .arguments = "",
    .details = "What `cordon setup TOOL` has written into other programs' settings.",
    .examples = "",
    .subcommands = kSubcommands,
};

}  // namespace cordon::cli
