// cordon setup: everything that an instance needs before its first start, and the settings of a program that is to use it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include <cordon/service_installer.hpp>
#include <cordon/token_set.hpp>

#include "become.hpp"
#include "command.hpp"
#include "failure.hpp"
#include "groundwork.hpp"
#include "integrations/tool.hpp"
#include "json_output.hpp"
#include "process_settings.hpp"
#include "prompt.hpp"
#include "setup_report.hpp"
#include "system_store.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string tool;
  bool yes = false;
  bool json = false;
};

std::vector<std::string_view> tool_names() {
  std::vector<std::string_view> names;
  for (const Tool* tool : tools())
    names.push_back(tool->name);
  return names;
}

Exit unknown_tool(const Context& context, std::string_view name) {
  const auto names = tool_names();
  const auto guess = nearest(name, names);
  context.terminal.error(fmt::format("setup does not know `{}`", name));
  context.terminal.hint(
      guess ? fmt::format("did you mean `cordon setup {}`?", *guess)
            : fmt::format("it knows {}; docs/integrations/README.md says how any other program is set up",
                          fmt::join(names, ", ")));
  return Exit::usage;
}

/// Whether the options name the user's config, which other programs share.
bool names_user_scope(const Context& context, const TargetOptions& options) {
  const auto instance = resolve_instance(context, options);
  return instance && instance->scope == Scope::user;
}

/// Some tools have their config in a folder of their own. Nothing when the options do not go with that, which is reported.
std::optional<TargetOptions> target_for(const Context& context, const Tool& tool, const std::filesystem::path& home,
                                        const TargetOptions& given) {
  if (tool.folder.empty()) return given;
  if (!given.scope.empty() || names_user_scope(context, given)) {
    context.terminal.error(
        fmt::format("{} has a config of its own, ~/{}/cordon.toml, and takes no --scope and not the "
                    "user's config",
                    tool.title, tool.folder));
    return std::nullopt;
  }
  if (!given.config.empty()) return given;
  return TargetOptions{(home / tool.folder / "cordon.toml").string(), {}};
}

bool is_to_change(const FileOutcome& file) {
  return file.change != Change::already && file.change != Change::left;
}

/// Whether the program has to be told: not when nothing changes and it was told of the same before.
bool follow_up_due(const Setup& setup) {
  if (setup.tool == nullptr || setup.tool->follow_up == nullptr) return false;
  const RecordedTool* const recorded = setup.record.find(setup.tool->name);
  return recorded == nullptr || recorded->followed != setup.site.target.ca_paths().cert ||
         std::ranges::any_of(setup.files, is_to_change);
}

/// Everything is looked at here, before anything is touched.
std::optional<Setup> prepare(const Context& context, const Options& options, const Tool* tool,
                             const std::filesystem::path& home) {
  auto site = find_site(context, options.target);
  if (!site) return std::nullopt;
  auto record = Record::load(site->target.instance);
  if (!record) {
    fail_with(context, record.error());
    return std::nullopt;
  }
  Setup setup{tool, std::move(*site), std::move(*record)};
  if (tool == nullptr) return setup;
  const Variables variables = planned_variables(setup.site.target, context.environment, kTokenPlace);
  auto plan = tool->plan({context, setup.site.target, home, variables});
  const auto token = TokenFile(setup.site.target.instance.tokens).value(tool->name);
  auto outcomes = plan ? rehearse(*plan, setup.record.find(tool->name), token ? token->reveal() : kTokenPlace)
                       : std::unexpected(plan.error());
  if (!outcomes) {
    fail_with(context, outcomes.error());
    context.terminal.hint("nothing was changed; mend the file, then run this again");
    return std::nullopt;
  }
  setup.plan = std::move(*plan);
  setup.files = std::move(*outcomes);
  setup.follow_up = follow_up_due(setup);
  return setup;
}

/// The file's path, and where it really is when links lead there.
std::string shown_path(const FileOutcome& file) {
  const std::string path = file.path.string();
  return file.target == file.path ? path : fmt::format("{} (which is {})", path, file.target.string());
}

/// Whether the person agrees to other programs' files being changed; else what the command ends with, reported.
std::optional<Exit> disagreed(const Context& context, const Options& options, const Setup& setup) {
  if (options.yes || (std::ranges::none_of(setup.files, is_to_change) && !setup.follow_up)) return std::nullopt;
  if (!Prompt::possible(context.terminal)) {
    context.terminal.error(
        fmt::format("setup of {} changes {}; --yes is missing", setup.tool->title,
                    std::ranges::any_of(setup.files, is_to_change) ? "files of another program" : "another program"));
    for (const FileOutcome& file : setup.files)
      if (is_to_change(file)) context.terminal.hint(fmt::format("it would write {}", shown_path(file)));
    if (setup.follow_up) context.terminal.hint(fmt::format("it would {}", setup.tool->follow_up_text));
    return Exit::usage;
  }
  Prompt prompt(context.terminal);
  prompt.say(fmt::format("For {} this is going to be written (what is there now is kept as *.cordon.bak):",
                         setup.tool->title));
  for (const FileOutcome& file : setup.files)
    if (is_to_change(file)) prompt.say("  " + shown_path(file));
  if (setup.follow_up) prompt.say(fmt::format("and then it is going to {}", setup.tool->follow_up_text));
  const auto agreed = prompt.confirm("Go on?", Preset::yes);
  if (!agreed) return prompt.given_up(agreed.error());
  if (*agreed) return std::nullopt;
  context.terminal.error("nothing was changed");
  return Exit::failed;
}

Result<> write_settings(Setup& setup) {
  const TokenFile tokens(setup.site.target.instance.tokens);
  const auto token = tokens.value(setup.tool->name);
  if (!token) return std::unexpected(token.error());
  auto files = apply(setup.plan, setup.tool->name, *token, setup.record);
  if (!files) return std::unexpected(std::move(files).error());
  setup.files = std::move(*files);
  return {};
}

/// Where a person is there, and no route yet, asks whether to add one, and becomes `cordon route add`.
Exit offer_route(const Context& context, const Options& options, const Setup& setup, Exit exit) {
  const bool asked = !options.yes && Prompt::possible(context.terminal) && setup.site.target.config.routes.empty();
  if (!asked || exit != Exit::done) return exit;
  Prompt prompt(context.terminal);
  const auto agreed = prompt.confirm("Add a route now?", Preset::yes);
  if (!agreed) return prompt.given_up(agreed.error(), "setup is done; no route was added");
  if (!*agreed) return exit;
  const auto program = current_program(context.environment);
  if (!program) return fail_with(context, program.error());
  become({program->string(), "route", "add", "--config", setup.site.target.instance.config.string()});
  return fail_with(context, {Errc::file_failed, "cannot start `cordon route add`"});
}

/// So that it is not told again of what it knows. Before it is told nothing is noted: it may not get that far.
Result<> note_follow_up(Setup& setup, const std::filesystem::path& cert) {
  setup.record.get(setup.tool->name, setup.tool->name).followed = cert;
  return setup.record.save();
}

/// What another program has to do now, once its settings are written.
Exit follow_up(const Context& context, Setup& setup) {
  if (!setup.follow_up) return Exit::done;
  const CaPaths ca = setup.site.target.ca_paths();
  auto done = note_follow_up(setup, {});
  if (done) done = setup.tool->follow_up(context, ca, Occasion::set_up);
  if (done) done = note_follow_up(setup, ca.cert);
  if (done) return Exit::done;
  context.terminal.error(done.error().message());
  context.terminal.hint(
      fmt::format("the settings of {} are written; once that is mended, run this again", setup.tool->title));
  return Exit::failed;
}

Exit run_setup(const Context& context, const Options& options, const Tool* tool, const std::filesystem::path& home) {
  auto setup = prepare(context, options, tool, home);
  if (!setup) return Exit::failed;
  if (const auto end = disagreed(context, options, *setup)) return *end;
  auto groundwork = lay_groundwork(setup->site, tool == nullptr ? "" : tool->name);
  if (!groundwork) return fail_with(context, groundwork.error(), setup->site.target, options.target);
  warn_of_named_ca(context.terminal, setup->site.target);
  setup->groundwork = std::move(*groundwork);
  if (tool != nullptr) {
    if (auto written = write_settings(*setup); !written) return fail_with(context, written.error());
  }
  const Exit exit = follow_up(context, *setup);
  if (options.json) {
    print_json(context.terminal, setup_json(options.target, *setup));
    return exit;
  }
  print_setup(context, options.target, *setup);
  for (const std::string& hint : setup->plan.hints)
    context.terminal.hint(hint);
  return offer_route(context, options, *setup, exit);
}

Exit run(const Context& context, const Options& given) {
  hide_memory();
  Options options = given;
  const Tool* const tool = find_tool(options.tool);
  if (tool == nullptr && !options.tool.empty()) return unknown_tool(context, options.tool);
  if (tool == nullptr) return run_setup(context, options, nullptr, {});
  const auto home = home_folder(context.environment);
  if (!home) return fail_with(context, home.error());
  auto target = target_for(context, *tool, *home, options.target);
  if (!target) return Exit::usage;
  options.target = std::move(*target);
  if (tool->check != nullptr) {
    if (const auto possible = tool->check(context, *home); !possible) return fail_with(context, possible.error());
  }
  return run_setup(context, options, tool, *home);
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_flag("--yes", options->yes, "Change another program's files without asking");
  app.add_flag("--json", options->json, "Report as JSON");
  app.add_option("TOOL", options->tool, "claude-code, codex, hermes or openclaw (default: none)")->type_name("");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kSetup = {
    .name = "setup",
    .summary = "Make what an instance needs, and set up a program to use it",
    .arguments = "[claude-code|codex|hermes|openclaw]",
    .details =
        "Makes what is missing: a first config on a free port, the CA and its bundle, tokens. With\n"
        "a program's name it also writes that program's settings, after a copy of each file beside\n"
        "it. What is there already stays: run it again at any time. `cordon integration disable`\n"
        "takes it back.",
    .examples =
        "  cordon setup\n"
        "  cordon setup claude-code\n"
        "  cordon setup codex --scope user --yes\n"
        "  cordon setup openclaw --yes --json\n",
    .declare = declare,
};

}  // namespace cordon::cli
