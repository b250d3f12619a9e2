// cordon completion: the script that teaches a shell to complete command lines; and what the script asks.
#include "completion.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "choices.hpp"
#include "command_table.hpp"

namespace cordon::cli {
namespace {

Action declare(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(one_of({"bash", "zsh", "fish"}));
  return [shell](const Context& context) {
    context.terminal.print(completion_script(*shell));
    return Exit::done;
  };
}

std::string answer_of(const Completion& completion) {
  if (completion.offer == Offer::files) return "files\n";
  if (completion.offer == Offer::program) return fmt::format("program {}\n", completion.program_at);
  std::string text = "words\n";
  for (const Candidate& candidate : completion.candidates)
    text += fmt::format("{}\t{}\n", candidate.word, candidate.description);
  return text;
}

}  // namespace

Exit answer_completion(const Context& context, std::span<const std::string> words) {
  context.terminal.print(answer_of(complete(context, words)));
  return Exit::done;
}

const Command kCompletion = {
    .name = "completion",
    .summary = "Print the script that lets a shell complete cordon's commands",
    .arguments = "SHELL",
    .details =
        "Prints a script for bash, zsh or fish. With it, Tab completes commands, options, values,\n"
        "files, and the names of routes and tokens of the config at hand. A system package brings\n"
        "the scripts along; the lines below are for the shell's own start-up file.",
    .examples =
        "  source <(cordon completion bash)\n"
        "  source <(cordon completion zsh)\n"
        "  cordon completion fish > ~/.config/fish/completions/cordon.fish\n",
    .declare = declare,
};

}  // namespace cordon::cli
