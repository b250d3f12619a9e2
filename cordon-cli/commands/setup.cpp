// cordon setup: everything that an instance needs before its first start, and the settings of a program that is to use it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include <cordon/control_client.hpp>
#include <cordon/token_set.hpp>

#include "command.hpp"
#include "groundwork.hpp"
#include "integrations/tool.hpp"
#include "json_output.hpp"
#include "process_settings.hpp"
#include "prompt.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string tool;
  bool yes = false;
  bool json = false;
};

/// What is going to be done, or was.
struct Setup {
  const Tool* tool = nullptr;  ///< Null: the instance alone.
  Site site;
  Record record;
  Plan plan{};
  Groundwork groundwork{};
  std::vector<FileOutcome> files{};
};

Exit fail_with(const Context& context, const Error& error) {
  context.terminal.error(error.message());
  return Exit::failed;
}

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
  auto outcomes = plan ? rehearse(*plan, setup.record.find(tool->name)) : std::unexpected(plan.error());
  if (!outcomes) {
    fail_with(context, outcomes.error());
    context.terminal.hint("nothing was changed; mend the file, then run this again");
    return std::nullopt;
  }
  setup.plan = std::move(*plan);
  setup.files = std::move(*outcomes);
  return setup;
}

bool is_to_change(const FileOutcome& file) {
  return file.change != Change::already && file.change != Change::left;
}

/// Whether the person agrees to other programs' files being changed; else what the command ends with, reported.
std::optional<Exit> disagreed(const Context& context, const Options& options, const Setup& setup) {
  if (options.yes || std::ranges::none_of(setup.files, is_to_change)) return std::nullopt;
  if (options.json || !Prompt::possible()) {
    context.terminal.error(
        fmt::format("setup of {} changes files of another program; --yes is missing", setup.tool->title));
    for (const FileOutcome& file : setup.files)
      if (is_to_change(file)) context.terminal.hint(fmt::format("it would write {}", file.path.string()));
    return Exit::usage;
  }
  Prompt prompt(context.terminal);
  prompt.say(fmt::format("For {} this is going to be written (what is there now is kept as *.cordon.bak):",
                         setup.tool->title));
  for (const FileOutcome& file : setup.files)
    if (is_to_change(file)) prompt.say("  " + file.path.string());
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

bool is_running(const Target& target) {
  const auto health = probe_health(target.config.listen, std::chrono::milliseconds{500});
  return health && health->instance == target.instance.name;
}

/// What to do next, in order: the command, and what it is for.
std::vector<std::pair<std::string, std::string>> next_steps(const Options& options, const Setup& setup) {
  std::vector<std::pair<std::string, std::string>> steps;
  if (setup.site.target.config.routes.empty())
    steps.emplace_back(command_line("route add", options.target), "say which host gets which credential");
  if (!is_running(setup.site.target)) {
    steps.emplace_back(command_line("start", options.target), "run the proxy here");
    steps.emplace_back(command_line("service install", options.target), "or in the background, from every login on");
  }
  if (setup.tool == nullptr)
    steps.emplace_back(command_line("run", options.target) + " -- COMMAND", "run a program through it");
  steps.emplace_back(command_line("doctor", options.target), "see whether all is well");
  return steps;
}

void print_row(Terminal& terminal, std::string_view label, std::string_view what, std::string_view state) {
  terminal.print(fmt::format("{:<9} {}{}{}\n", label, terminal.paint(Style::plain, what), state.empty() ? "" : "  ",
                             terminal.paint(Style::green, state)));
}

std::string_view made_or(bool made, std::string_view otherwise) {
  return made ? "made" : otherwise;
}

void print_report(const Context& context, const Options& options, const Setup& setup) {
  Terminal& terminal = context.terminal;
  const Target& target = setup.site.target;
  print_row(terminal, "config", fmt::format("{}, port {}", target.instance.config.string(), target.config.listen),
            made_or(setup.groundwork.config_made, "already there"));
  if (target.config.tls.enabled) {
    print_row(terminal, "CA", target.ca_paths().cert.string(), made_or(setup.groundwork.ca_made, "already there"));
    print_row(terminal, "bundle", target.ca_paths().bundle.string(), "up to date");
  }
  print_row(terminal, "tokens", fmt::format("{}", fmt::join(setup.groundwork.tokens, ", ")),
            setup.groundwork.tokens_made.empty() ? "already there" : "made");
  for (const FileOutcome& file : setup.files) {
    print_row(terminal, "file", file.path.string(),
              file.change == Change::left ? "left: it is yours" : name(file.change));
    if (file.backup) print_row(terminal, "", fmt::format("before: {}", file.backup->string()), "");
  }
  terminal.print("\nNext:\n");
  const auto steps = next_steps(options, setup);
  std::size_t width = 0;
  for (const auto& [command, purpose] : steps)
    width = std::max(width, command.size());
  for (const auto& [command, purpose] : steps)
    terminal.print(fmt::format("  {:<{}}  {}\n", terminal.paint(Style::plain, command), width, purpose));
}

Json report_of(const Options& options, const Setup& setup) {
  const Target& target = setup.site.target;
  Json report = {{"instance", target.instance.name},
                 {"config",
                  {{"path", target.instance.config.string()},
                   {"port", target.config.listen},
                   {"made", setup.groundwork.config_made}}},
                 {"ca", nullptr},
                 {"tokens", {{"names", setup.groundwork.tokens}, {"made", setup.groundwork.tokens_made}}},
                 {"tool", nullptr},
                 {"files", Json::array()},
                 {"hints", setup.plan.hints},
                 {"next", Json::array()}};
  if (target.config.tls.enabled)
    report["ca"] = {{"certificate", target.ca_paths().cert.string()},
                    {"bundle", target.ca_paths().bundle.string()},
                    {"made", setup.groundwork.ca_made}};
  if (setup.tool != nullptr) report["tool"] = setup.tool->name;
  for (const FileOutcome& file : setup.files)
    report["files"].push_back({{"path", file.path.string()},
                               {"change", name(file.change)},
                               {"backup", file.backup ? Json(file.backup->string()) : Json()}});
  for (const auto& [command, purpose] : next_steps(options, setup))
    report["next"].push_back(command);
  return report;
}

/// What another program has to do now, once its settings are written.
Exit follow_up(const Context& context, const Setup& setup) {
  if (setup.tool == nullptr || setup.tool->follow_up == nullptr) return Exit::done;
  const auto done = setup.tool->follow_up(context, setup.site.target.ca_paths(), Occasion::set_up);
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
  if (!groundwork) return fail_with(context, groundwork.error());
  setup->groundwork = std::move(*groundwork);
  if (tool != nullptr) {
    if (auto written = write_settings(*setup); !written) return fail_with(context, written.error());
  }
  const Exit exit = follow_up(context, *setup);
  if (options.json) {
    print_json(context.terminal, report_of(options, *setup));
    return exit;
  }
  print_report(context, options, *setup);
  for (const std::string& hint : setup->plan.hints)
    context.terminal.hint(hint);
  return exit;
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
  app.add_option("tool", options->tool)->group("");
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
