// The `cordon` command: finds the command that is named, reads its options, runs it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <system_error>
#include <vector>

#include <cordon/version.hpp>

#include "command.hpp"
#include "command_table.hpp"
#include "json_output.hpp"
#include "process_settings.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

// In the order in which a newcomer meets them.
constexpr auto kCommands = std::to_array<const Command*>(
    {&kDemo,  &kSetup,  &kRoute,  &kListener, &kCheck,   &kStart,       &kWait,      &kRun,
     &kEnv,   &kStatus, &kDoctor, &kReload,   &kStop,    &kLogs,        &kApprove,   &kSecret,
     &kToken, &kCa,     &kTrust,  &kUntrust,  &kService, &kIntegration, &kCompletion});

constexpr std::string_view kIntroduction =
    "Cordon is a local proxy that puts the real credential into requests to the hosts you\n"
    "configure. The program behind it never holds the secret.\n";

using Commands = std::span<const Command* const>;
using Words = std::span<const std::string>;

/// What scripts call. Takes its words as they are, options included.
struct HiddenCommand {
  std::string_view name;
  Exit (*run)(const Context& context, Words words);
};

constexpr auto kHiddenCommands =
    std::to_array<HiddenCommand>({{"__complete", answer_completion}, {"__manual", print_manual}});

const Command* find_command(Commands commands, std::string_view name) {
  const auto found = std::ranges::find(commands, name, &Command::name);
  return found == commands.end() ? nullptr : *found;
}

std::string list_of(Commands commands) {
  std::string text;
  for (const Command* command : commands)
    text += fmt::format("  {:<11} {}\n", command->name, command->summary);
  return text;
}

std::string overview() {
  return fmt::format("{}\nUsage: cordon COMMAND [OPTIONS]\n\nCommands:\n{}", kIntroduction, list_of(kCommands)) +
         fmt::format("  {:<11} {}\n", "help", "Show this, or the help of one command") +
         "\nOptions:\n"
         "  -h, --help     Show this\n"
         "  -V, --version  Show the version\n"
         "\n`cordon help COMMAND` shows a command's options and examples. Begin with `cordon demo`.\n";
}

std::string overview_of(const Command& group) {
  return fmt::format(
      "{}\n\nUsage: cordon {} COMMAND [OPTIONS]\n\nCommands:\n{}\n`cordon help {} COMMAND` shows a "
      "command's options and examples.\n",
      group.details, group.name, list_of(group.subcommands), group.name);
}

Exit usage_error(const Context& context, std::string_view text, std::string_view hint) {
  context.terminal.error(text);
  context.terminal.hint(hint);
  return Exit::usage;
}

/// The same where `words` have not led to a command that could say it as JSON.
Exit usage_error(const Context& context, Words words, std::string_view text, std::string_view hint) {
  usage_error(context, text, hint);
  if (std::ranges::find(words, "--json") != words.end()) print_json_of_failure(context.terminal);
  return Exit::usage;
}

/// An option without its value, which may be a secret: `--name` of `--name=value`, `-n` of `-nvalue`.
std::string_view option_name(std::string_view word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

/// What the first of `words` should name. `group` is null at the top.
Exit unknown_command(const Context& context, const Command* group, Words words) {
  const std::string& name = words[0];
  const std::string own = group == nullptr ? "" : fmt::format("{} ", group->name);
  std::vector<std::string_view> names;
  if (group == nullptr) names.emplace_back("help");
  for (const Command* command : group == nullptr ? Commands(kCommands) : group->subcommands)
    names.push_back(command->name);
  const auto guess = nearest(name, names);
  const std::string list = fmt::format("`cordon help{}{}` lists the commands", group == nullptr ? "" : " ",
                                       group == nullptr ? "" : group->name);
  if (name.starts_with('-'))
    return usage_error(context, words, fmt::format("there is no option `{}` before a command", option_name(name)),
                       list);
  return usage_error(context, words, fmt::format("there is no command `{}{}`", own, name),
                     guess ? fmt::format("did you mean `cordon {}{}`?", own, *guess) : list);
}

/// A command that can run, and how it is called.
struct Named {
  const Command& command;
  std::string name;
};

/// CLI11's help with a usage line of our own.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string_view arguments) : arguments_(arguments) { column_width(28); }
  std::string make_usage(const CLI::App* /*app*/, std::string name) const override {
    return fmt::format("\nUsage: {} [OPTIONS]{}{}\n", name, arguments_.empty() ? "" : " ", arguments_);
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? std::string() : " " + option->get_type_name();
  }

 private:
  std::string_view arguments_;
};

/// An app that has the command's options and nothing of CLI11's own behaviour but --help.
std::unique_ptr<CLI::App> make_app(const Named& named) {
  const Command& command = named.command;
  auto app = std::make_unique<CLI::App>(std::string(command.details), fmt::format("cordon {}", named.name));
  app->footer(fmt::format("Examples:\n{}", command.examples));
  app->set_help_flag("-h,--help", "Show this");
  app->formatter(std::make_shared<HelpFormatter>(command.arguments));
  return app;
}

Exit show_help(const Context& context, const Named& named) {
  auto app = make_app(named);
  const Action action = named.command.declare(*app);
  context.terminal.print(app->help());
  return Exit::done;
}

bool is_given(const CLI::App& app, const std::string& flag) {
  const CLI::Option* const option = app.get_option_no_throw(flag);
  return option != nullptr && option->count() > 0;
}

std::vector<std::string_view> long_names(const CLI::App& app) {
  std::vector<std::string_view> out;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      out.emplace_back(name);
  return out;
}

/// What is wrong with words that are no option and no argument of the command. A secret may be among them: only what looks like an option
/// is shown.
std::string text_of_extras(const CLI::App& app) {
  const auto extras = app.remaining();
  const auto option = std::ranges::find_if(extras, [](std::string_view word) { return word.starts_with('-'); });
  if (option == extras.end()) return fmt::format("takes no further argument, but was given {}", extras.size());
  const std::string_view name = option_name(*option);
  const std::size_t begin = std::min(name.find_first_not_of('-'), name.size());
  const auto guess = nearest(name.substr(begin), long_names(app));
  return fmt::format("there is no option `{}`{}", name, guess ? fmt::format("; did you mean `--{}`?", *guess) : "");
}

Exit run_command(const Context& context, const Named& named, Words words) {
  auto app = make_app(named);
  const Action action = named.command.declare(*app);
  try {
    app->parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back.
  } catch (const CLI::CallForHelp&) {
    context.terminal.print(app->help());
    return Exit::done;
  } catch (const CLI::ParseError& error) {
    const bool has_extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    usage_error(context, fmt::format("{}: {}", named.name, has_extras ? text_of_extras(*app) : error.what()),
                fmt::format("`cordon help {}` shows its options", named.name));
    if (is_given(*app, "--json")) print_json_of_failure(context.terminal);
    return Exit::usage;
  }
  const bool is_json = is_given(*app, "--json");
  if (is_json) context.terminal.ask_nobody();
  const Exit exit = action(context);
  if (exit != Exit::done && is_json) print_json_of_failure(context.terminal);
  return exit;
}

bool asks_for_help(std::string_view word) {
  return word == "-h" || word == "--help";
}

/// What to do with a command that was found, and with the words that follow it.
using Use = Exit (*)(const Context& context, const Named& named, Words words);

/// A command of a group, which the first of `words` names.
Exit use_group(const Context& context, const Command& group, Words words, Use use) {
  if (!words.empty() && asks_for_help(words[0])) {
    context.terminal.print(overview_of(group));
    return Exit::done;
  }
  if (words.empty()) {
    context.terminal.print_to_error(overview_of(group));
    return Exit::usage;
  }
  const Command* command = find_command(group.subcommands, words[0]);
  if (command == nullptr) return unknown_command(context, &group, words);
  return use(context, {*command, fmt::format("{} {}", group.name, command->name)}, words.subspan(1));
}

/// The command that the first of `words`, of which there is one, names; of a group the first two.
Exit use_command(const Context& context, Words words, Use use) {
  const Command* command = find_command(kCommands, words[0]);
  if (command == nullptr) return unknown_command(context, nullptr, words);
  if (!command->subcommands.empty()) return use_group(context, *command, words.subspan(1), use);
  return use(context, {*command, std::string(command->name)}, words.subspan(1));
}

Exit run_help(const Context& context, Words words) {
  if (words.empty() || words[0] == "help" || words[0].starts_with('-')) {
    context.terminal.print(overview());
    return Exit::done;
  }
  const Command* command = find_command(kCommands, words[0]);
  if (command != nullptr && !command->subcommands.empty() && words.size() == 1) {
    context.terminal.print(overview_of(*command));
    return Exit::done;
  }
  return use_command(context, words,
                     [](const Context& shown, const Named& named, Words /*words*/) { return show_help(shown, named); });
}

Exit dispatch(const Context& context, const std::vector<std::string>& words) {
  if (words.empty()) {
    context.terminal.print_to_error(overview());
    return Exit::usage;
  }
  const std::string& first = words[0];
  if (first == "--version" || first == "-V") {
    context.terminal.print(fmt::format("cordon {}\n", version()));
    return Exit::done;
  }
  if (first == "help" || asks_for_help(first)) return run_help(context, std::span(words).subspan(1));
  if (first.starts_with('-'))
    return usage_error(context, words, fmt::format("there is no option `{}` before a command", option_name(first)),
                       "options follow the command, as in `cordon check --config PATH`");
  const auto* const hidden = std::ranges::find(kHiddenCommands, first, &HiddenCommand::name);
  if (hidden != kHiddenCommands.end()) return hidden->run(context, std::span(words).subspan(1));
  return use_command(context, words, run_command);
}

int run(const std::vector<std::string>& arguments) {
  open_standard_streams();
  const Environment environment = current_environment();
  Terminal terminal(environment);
  std::error_code error;
  const std::filesystem::path working_directory = std::filesystem::current_path(error);
  if (error) {
    terminal.error(fmt::format("the working directory cannot be read: {}", error.message()));
    return static_cast<int>(Exit::failed);
  }
  const Exit exit = dispatch(Context{terminal, environment, working_directory}, arguments);
  if (!terminal.output_failed()) return static_cast<int>(exit);
  terminal.error("standard output cannot be written to");
  return static_cast<int>(exit == Exit::done ? Exit::failed : exit);
}

}  // namespace

std::span<const Command* const> all_commands() {
  return kCommands;
}

}  // namespace cordon::cli

int main(int argc, char** argv) {
  try {
    return cordon::cli::run({argv + std::min(argc, 1), argv + argc});
  } catch (const std::exception& error) {
    // libcordon throws nothing: this is memory that ran out, or a bug.
    cordon::cli::Terminal({}).error(fmt::format("internal: {}", error.what()));
    return static_cast<int>(cordon::cli::Exit::failed);
  }
}
