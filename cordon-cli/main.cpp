// The `cordon` command: finds the command that is named, reads its options, runs it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string>
#include <system_error>
#include <vector>

#include <cordon/version.hpp>

#include "command.hpp"
#include "process_settings.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

// In the order in which a newcomer meets them.
constexpr std::array<const Command*, 6> kCommands = {&kDemo, &kCheck, &kStart, &kWait, &kRun, &kEnv};

constexpr std::string_view kIntroduction =
    "Cordon is a local proxy that puts the real credential into requests to the hosts you\n"
    "configure. The program behind it never holds the secret.\n";

const Command* find_command(std::string_view name) {
  const auto* const found = std::ranges::find(kCommands, name, &Command::name);
  return found == kCommands.end() ? nullptr : *found;
}

std::string overview() {
  std::string text = fmt::format("{}\nUsage: cordon COMMAND [OPTIONS]\n\nCommands:\n", kIntroduction);
  for (const Command* command : kCommands)
    text += fmt::format("  {:<8} {}\n", command->name, command->summary);
  text += fmt::format("  {:<8} {}\n", "help", "Show this, or the help of one command");
  return text +
         "\nOptions:\n"
         "  -h, --help     Show this\n"
         "  -V, --version  Show the version\n"
         "\n`cordon help COMMAND` shows a command's options and examples. Begin with `cordon demo`.\n";
}

Exit usage_error(const Context& context, std::string_view text, std::string_view hint) {
  context.terminal.error(text);
  context.terminal.hint(hint);
  return Exit::usage;
}

Exit unknown_command(const Context& context, std::string_view name) {
  std::vector<std::string_view> names = {"help"};
  for (const Command* command : kCommands)
    names.push_back(command->name);
  const auto guess = nearest(name, names);
  return usage_error(context, fmt::format("there is no command `{}`", name),
                     guess ? fmt::format("did you mean `cordon {}`?", *guess) : "`cordon help` lists the commands");
}

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
std::unique_ptr<CLI::App> make_app(const Command& command) {
  auto app = std::make_unique<CLI::App>(std::string(command.details), fmt::format("cordon {}", command.name));
  app->footer(fmt::format("Examples:\n{}", command.examples));
  app->set_help_flag("-h,--help", "Show this");
  app->formatter(std::make_shared<HelpFormatter>(command.arguments));
  return app;
}

Exit show_help(const Context& context, const Command& command) {
  auto app = make_app(command);
  const Action action = command.declare(*app);
  context.terminal.print(app->help());
  return Exit::done;
}

Exit run_command(const Context& context, const Command& command, std::vector<std::string> arguments) {
  auto app = make_app(command);
  const Action action = command.declare(*app);
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back.
    app->parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    context.terminal.print(app->help());
    return Exit::done;
  } catch (const CLI::ParseError& error) {
    return usage_error(context, fmt::format("{}: {}", command.name, error.what()),
                       fmt::format("`cordon help {}` shows its options", command.name));
  }
  return action(context);
}

Exit run_help(const Context& context, std::span<const std::string> arguments) {
  if (arguments.empty() || arguments[0] == "help" || arguments[0].starts_with('-')) {
    context.terminal.print(overview());
    return Exit::done;
  }
  const Command* command = find_command(arguments[0]);
  return command ? show_help(context, *command) : unknown_command(context, arguments[0]);
}

Exit dispatch(const Context& context, const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    context.terminal.print_to_error(overview());
    return Exit::usage;
  }
  const std::string& first = arguments[0];
  const std::span<const std::string> rest = std::span(arguments).subspan(1);
  if (first == "--version" || first == "-V") {
    context.terminal.print(fmt::format("cordon {}\n", version()));
    return Exit::done;
  }
  if (first == "help" || first == "--help" || first == "-h") return run_help(context, rest);
  if (first.starts_with('-'))
    return usage_error(context, fmt::format("there is no option `{}` before a command", first),
                       "options follow the command, as in `cordon check --config PATH`");
  const Command* command = find_command(first);
  return command ? run_command(context, *command, {rest.begin(), rest.end()}) : unknown_command(context, first);
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
