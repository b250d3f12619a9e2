// Asks the questions that its arguments name, one after the other, and prints each answer: `answer: <text>`.
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "prompt.hpp"

namespace cordon::cli {
namespace {

using Shown = Answer<std::string>;

std::optional<std::string> why_no_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535) return std::nullopt;
  return "a port is a number from 1 to 65535";
}

Shown choose(Prompt& prompt) {
  const ChoiceQuestion question{
      .question = "Where is the secret?",
      .choices = {{"keyring", "the system's"}, {"env"}, {"encrypted", "made up"}, {"file", "a file"}},
      .preset = 1,
  };
  const auto index = prompt.choose(question);
  if (!index) return std::unexpected(index.error());
  return question.choices[*index].name;
}

Shown confirm(Prompt& prompt, Preset preset) {
  const auto answer = prompt.confirm("Go on?", preset);
  if (!answer) return std::unexpected(answer.error());
  return *answer ? "yes" : "no";
}

Shown secret(Prompt& prompt) {
  const auto answer = prompt.secret("The secret");
  if (!answer) return std::unexpected(answer.error());
  return std::to_string(answer->size()) + " bytes";
}

const std::map<std::string, std::function<Shown(Prompt&)>> kQuestions = {
    {"text", [](Prompt& prompt) { return prompt.text({.question = "Name"}); }},
    {"port",
     [](Prompt& prompt) { return prompt.text({.question = "Port", .preset = "443", .objection = why_no_port}); }},
    {"optional",
     [](Prompt& prompt) {
       return prompt.text({.question = "Port, if any", .need = Need::optional, .objection = why_no_port});
     }},
    {"choose", choose},
    {"yes", [](Prompt& prompt) { return confirm(prompt, Preset::yes); }},
    {"no", [](Prompt& prompt) { return confirm(prompt, Preset::no); }},
    {"secret", secret},
};

int run(const std::vector<std::string>& names) {
  const Terminal terminal(current_environment());
  Prompt prompt(terminal);
  if (!Prompt::possible(terminal)) {
    std::puts("nobody can be asked");
    return static_cast<int>(Exit::usage);
  }
  for (const std::string& name : names) {
    const auto answer = kQuestions.at(name)(prompt);
    if (!answer) return static_cast<int>(prompt.given_up(answer.error()));
    std::printf("answer: <%s>\n", answer->c_str());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace cordon::cli

int main(int argc, char** argv) {
  return cordon::cli::run({argv + 1, argv + argc});
}
