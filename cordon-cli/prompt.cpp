#include "prompt.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "interrupt.hpp"

namespace cordon::cli {
namespace {

constexpr int kSignalPatience = 50;  // ms between two looks for SIGINT
constexpr std::size_t kLongestLine = 4096;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool has_controls(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// As without_controls, and line ends and tabs too: a question may quote a config, whose words must not look like lines of ours.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : without_controls(text))
    out += c == '\n' ? "\\x0a" : c == '\t' ? "\\x09" : std::string(1, c);
  return out;
}

enum class Waited : bool { readable, interrupted };

/// Until there is something to read. The terminal is in its usual mode, so that is a whole line.
Waited wait_for_line(HeldInterrupt& interrupt) {
  for (;;) {
    pollfd entry{STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&entry, 1, kSignalPatience);
    if (interrupt.take()) return Waited::interrupted;
    if (ready > 0) return Waited::readable;
  }
}

/// The rest of a line that is there, byte by byte: what follows it is for the next question. Nothing at the end of input.
std::optional<std::string> take_line() {
  std::string line;
  for (char c = 0;;) {
    const ssize_t count = ::read(STDIN_FILENO, &c, 1);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    if (c == '\n') return line;
    if (line.size() < kLongestLine) line += c;
  }
}

/// The index of the choice that `answer` means.
std::optional<std::size_t> meant(const std::vector<Choice>& choices, std::string_view answer) {
  const std::string word = lower(answer);
  std::vector<std::size_t> beginning;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string name = lower(choices[i].name);
    if (word == name || word == std::to_string(i + 1)) return i;
    if (name.starts_with(word)) beginning.push_back(i);
  }
  if (beginning.size() != 1) return std::nullopt;
  return beginning[0];
}

std::string list_of(const ChoiceQuestion& question) {
  std::size_t width = 0;
  for (const Choice& choice : question.choices)
    width = std::max(width, choice.name.size());
  std::string out = question.question + "\n";
  for (std::size_t i = 0; i < question.choices.size(); ++i) {
    const Choice& choice = question.choices[i];
    out += choice.note.empty() ? fmt::format("  {}) {}\n", i + 1, choice.name)
                               : fmt::format("  {}) {:<{}}  {}\n", i + 1, choice.name, width, choice.note);
  }
  return out;
}

}  // namespace

bool Prompt::possible(const Terminal& terminal) noexcept {
  return terminal.can_ask() && ::isatty(STDOUT_FILENO) == 1;
}

Answer<std::string> Prompt::text(const TextQuestion& question) {
  const std::string shown = question.preset.empty() ? fmt::format("{}: ", question.question)
                                                    : fmt::format("{} [{}]: ", question.question, question.preset);
  for (;;) {
    auto answer = line(shown);
    if (!answer) return answer;
    if (answer->empty()) answer = question.preset;
    if (answer->empty()) {
      if (question.need == Need::optional) return answer;
      object("an answer is needed");
      continue;
    }
    const auto wrong = question.objection ? question.objection(*answer) : std::nullopt;
    if (!wrong) return answer;
    object(*wrong);
  }
}

Answer<std::size_t> Prompt::choose(const ChoiceQuestion& question) {
  terminal_.print_to_error(without_controls(list_of(question)));
  for (;;) {
    const auto answer = line(fmt::format("Number or name [{}]: ", question.choices[question.preset].name));
    if (!answer) return std::unexpected(answer.error());
    if (answer->empty()) return question.preset;
    if (const auto index = meant(question.choices, *answer)) return *index;
    object(fmt::format("answer with a number from 1 to {}, or with a name of the list", question.choices.size()));
  }
}

Answer<bool> Prompt::confirm(std::string_view question, Preset preset) {
  ::tcflush(STDIN_FILENO, TCIFLUSH);
  for (;;) {
    const auto answer = line(fmt::format("{} {} ", question, preset == Preset::yes ? "[Y/n]" : "[y/N]"));
    if (!answer) return std::unexpected(answer.error());
    const std::string word = lower(*answer);
    if (word.empty()) return preset == Preset::yes;
    if (word == "y" || word == "yes") return true;
    if (word == "n" || word == "no") return false;
    object("answer with y or n");
  }
}

Answer<Secret> Prompt::secret(std::string_view question) {
  for (;;) {
    auto answer = ask_secret(without_controls(fmt::format("{} (not shown): ", question)));
    if (!answer || !answer->empty()) return answer;
    object("a secret cannot be empty");
  }
}

void Prompt::say(std::string_view line) {
  terminal_.print_to_error(one_line(line) + "\n");
}

Exit Prompt::given_up(NoAnswer why, std::string_view state) {
  terminal_.error(state);
  return why == NoAnswer::interrupted ? Exit::interrupted : Exit::failed;
}

Answer<std::string> Prompt::line(std::string_view question) {
  HeldInterrupt interrupt;
  for (;;) {
    terminal_.print_to_error(one_line(question));
    const Waited waited = wait_for_line(interrupt);
    const auto typed = waited == Waited::readable ? take_line() : std::nullopt;
    if (!typed) {
      say("");  // the cursor stands behind the question
      return std::unexpected(waited == Waited::interrupted ? NoAnswer::interrupted : NoAnswer::ended);
    }
    if (!has_controls(trimmed(*typed))) return std::string(trimmed(*typed));
    object("that has control characters in it, such as an arrow key's; type it again");
  }
}

void Prompt::object(std::string_view text) {
  say(fmt::format("  {}", text));
}

}  // namespace cordon::cli
