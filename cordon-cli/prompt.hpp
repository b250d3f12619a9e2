// Questions to a person: what a wizard is made of. A command that has all it needs from its flags asks nothing; one that
// lacks something asks where Prompt::possible(terminal), and elsewhere says which flag is missing.
//
//   if (!Prompt::possible(context.terminal)) return usage_error("--host is missing");
//   Prompt prompt(context.terminal);
//   const auto host = prompt.text({.question = "Host", .objection = why_no_host});
//   if (!host) return prompt.given_up(host.error());
//   const auto source = prompt.choose({.question = "Where is the secret?", .choices = {{"keyring", "the system's"}, {"env"}}});
//   if (!source) return prompt.given_up(source.error());
//   ...
//   const auto agreed = prompt.confirm("Write this?", Preset::yes);
//   ... and only now change anything.
//
// Questions go to standard error, answers come from standard input, so standard output is for data only. An answer that will not do is
// told why, and asked for again, without end: the person has Ctrl+C.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "secret_input.hpp"

namespace cordon::cli {

template <class T>
using Answer = std::expected<T, NoAnswer>;

/// What is wrong with an answer, as `a port is a number from 1 to 65535`; nothing when it will do.
using Objection = std::function<std::optional<std::string>(std::string_view answer)>;

enum class Need : bool { optional, required };

/// Shown as `Host [api.example.com]: `.
struct TextQuestion {
  std::string question;
  std::string preset = {};     ///< What an empty line stands for; shown in brackets.
  Need need = Need::required;  ///< Optional: an empty line is an answer where there is no preset.
  Objection objection = {};    ///< Null: any text will do. Asked of presets as well, never of an empty optional answer.
};

struct Choice {
  std::string name;       ///< What is typed, and what flags call it.
  std::string note = {};  ///< What it means, in a few words.
};

/// Shown as a numbered list. The answer is a number, a name, or the beginning of one name only.
struct ChoiceQuestion {
  std::string question;
  std::vector<Choice> choices;  ///< At least one.
  std::size_t preset = 0;       ///< The index that an empty line stands for.
};

/// The answer that an empty line stands for.
enum class Preset : bool { no, yes };

/// One thread only. Ctrl+C (NoAnswer::interrupted) does not end the process while a question is open, Ctrl+D or a terminal that is
/// gone is NoAnswer::ended; the terminal is as it was after each.
class Prompt {
 public:
  /// `terminal` must outlive it.
  explicit Prompt(const Terminal& terminal) : terminal_(terminal) {}

  /// Whether a wizard may run: standard input, output and error are all terminals, and `terminal` may ask.
  static bool possible(const Terminal& terminal) noexcept;

  /// A line as it was typed, without blanks around it and without control characters.
  Answer<std::string> text(const TextQuestion& question);

  /// The index of what was chosen.
  Answer<std::size_t> choose(const ChoiceQuestion& question);

  /// Yes or no. What was typed before the question could be seen is no answer to it.
  Answer<bool> confirm(std::string_view question, Preset preset);

  /// A secret that is not shown as it is typed, never empty. It is in locked memory only (secret_input.hpp).
  Answer<Secret> secret(std::string_view question);

  /// Text between questions: one line on standard error.
  void say(std::string_view line);

  /// Says how things stand now. @returns what the command ends with: 130 after Ctrl+C, 1 after Ctrl+D
  Exit given_up(NoAnswer why, std::string_view state = "nothing was changed");

 private:
  Answer<std::string> line(std::string_view question);
  void object(std::string_view text);

  const Terminal& terminal_;
};

}  // namespace cordon::cli
