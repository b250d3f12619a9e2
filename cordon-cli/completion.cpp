#include "completion.hpp"

#include <algorithm>
#include <array>

#include "catalogue.hpp"
#include "command_table.hpp"
#include "known_names.hpp"

namespace cordon::cli {
namespace {

using Words = std::span<const std::string>;

constexpr std::array<const char*, 2> kGlobalOptions = {"--help", "--version"};

const Command* find(std::span<const Command* const> commands, std::string_view name) {
  const auto found = std::ranges::find(commands, name, &Command::name);
  return found == commands.end() ? nullptr : *found;
}

void append(std::vector<Candidate>& out, std::span<const Command* const> commands) {
  for (const Command* command : commands)
    out.push_back({std::string(command->name), std::string(command->summary)});
}

/// What has been typed of a command's options and arguments before the cursor.
struct Typed {
  std::vector<const OptionInfo*> options = {};
  const OptionInfo* awaiting = nullptr;  ///< The option whose value comes next.
  std::size_t arguments = 0;
  bool options_ended = false;                  ///< By `--`.
  std::optional<std::size_t> program_at = {};  ///< Index of the word.
  TargetOptions target = {};
};

const OptionInfo* find_option(const CommandInfo& info, std::string_view name) {
  const auto found = std::ranges::find_if(info.options, [&](const OptionInfo& option) {
    return option.kind != OptionKind::argument && std::ranges::find(option.names, name) != option.names.end();
  });
  return found == info.options.end() ? nullptr : &*found;
}

void take_value(Typed& typed, const OptionInfo& option, std::string_view value) {
  if (option.name() == "--config") typed.target.config = value;
  if (option.name() == "--scope") typed.target.scope = value;
}

/// `--name=value`, in its two parts; a plain word is a name alone.
struct Split {
  std::string_view name;
  std::optional<std::string_view> value = {};
};

Split split(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (!word.starts_with("--") || equals == std::string_view::npos) return {word};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

void take_option(Typed& typed, const CommandInfo& info, std::string_view word) {
  const auto [name, value] = split(word);
  const OptionInfo* option = find_option(info, name);
  if (option == nullptr) return;
  typed.options.push_back(option);
  if (option->kind != OptionKind::value) return;
  if (value)
    take_value(typed, *option, *value);
  else
    typed.awaiting = option;
}

void take_word(Typed& typed, const CommandInfo& info, std::string_view word, std::size_t index) {
  if (typed.awaiting != nullptr) {
    take_value(typed, *typed.awaiting, word);
    typed.awaiting = nullptr;
  } else if (typed.options_ended || word.empty() || !word.starts_with('-')) {
    ++typed.arguments;
    if (info.ends_with_program) typed.program_at = index;
  } else if (word == "--") {
    typed.options_ended = true;
    if (info.ends_with_program) typed.program_at = index + 1;
  } else {
    take_option(typed, info, word);
  }
}

Typed read_words(const CommandInfo& info, Words words, std::size_t from) {
  Typed typed;
  for (std::size_t i = from; i + 1 < words.size() && !typed.program_at; ++i)
    take_word(typed, info, words[i], i);
  return typed;
}

bool fits_beside(const Typed& typed, const OptionInfo& option) {
  return std::ranges::none_of(typed.options, [&](const OptionInfo* other) {
    return (other == &option && !option.repeatable) ||
           std::ranges::find(option.excludes, other->name()) != option.excludes.end();
  });
}

Completion offer_options(const CommandInfo& info, const Typed& typed) {
  Completion out;
  for (const OptionInfo& option : info.options) {
    if (option.kind != OptionKind::argument && fits_beside(typed, option))
      out.candidates.push_back({option.name(), option.description});
  }
  return out;
}

Completion offer_values(const Context& context, const CommandInfo& info, const Typed& typed, const OptionInfo& option) {
  if (option.value == "PATH") return {.offer = Offer::files};
  Completion out;
  for (const std::string& choice : option.choices)
    out.candidates.push_back({choice, ""});
  for (const auto& [name, description] : known_names(context, typed.target, info.name, option.name()))
    out.candidates.push_back({name, description});
  return out;
}

/// The argument that the next word would be; null: there is none.
const OptionInfo* next_argument(const CommandInfo& info, std::size_t taken) {
  const OptionInfo* last = nullptr;
  for (const OptionInfo& option : info.options) {
    if (option.kind != OptionKind::argument) continue;
    if (taken-- == 0) return &option;
    last = &option;
  }
  return last != nullptr && last->repeatable ? last : nullptr;
}

Completion offer_argument(const Context& context, const CommandInfo& info, const Typed& typed) {
  const OptionInfo* argument = next_argument(info, typed.arguments);
  if (argument != nullptr) return offer_values(context, info, typed, *argument);
  return typed.options_ended ? Completion{} : offer_options(info, typed);
}

Completion offer_value_after_equals(const Context& context, const CommandInfo& info, const Typed& typed,
                                    std::string_view name) {
  const OptionInfo* option = find_option(info, name);
  if (option == nullptr || option->kind != OptionKind::value) return {};
  Completion out = offer_values(context, info, typed, *option);
  for (Candidate& candidate : out.candidates)
    candidate.word = std::string(name) + "=" + candidate.word;
  return out;
}

/// Within a command, whose own words begin at `from`.
Completion complete_command(const Context& context, const CommandInfo& info, Words words, std::size_t from) {
  const Typed typed = read_words(info, words, from);
  const std::string& current = words.back();
  if (typed.program_at) return {.offer = Offer::program, .program_at = *typed.program_at};
  if (typed.awaiting != nullptr) return offer_values(context, info, typed, *typed.awaiting);
  if (!typed.options_ended && current.starts_with('-')) {
    const auto [name, value] = split(current);
    return value ? offer_value_after_equals(context, info, typed, name) : offer_options(info, typed);
  }
  if (info.ends_with_program) return {.offer = Offer::program, .program_at = words.size() - 1};
  return offer_argument(context, info, typed);
}

Completion complete_first() {
  Completion out;
  append(out.candidates, all_commands());
  out.candidates.push_back({"help", "Show the help of one command"});
  for (const char* option : kGlobalOptions)
    out.candidates.push_back({option, ""});
  return out;
}

Completion complete_help(Words words) {
  Completion out;
  if (words.size() == 2) append(out.candidates, all_commands());
  if (words.size() != 3) return out;
  if (const Command* group = find(all_commands(), words[1]); group != nullptr)
    append(out.candidates, group->subcommands);
  return out;
}

Completion complete_any(const Context& context, Words words) {
  if (words.size() < 2) return complete_first();
  if (words[0] == "help") return complete_help(words);
  const Command* command = find(all_commands(), words[0]);
  if (command == nullptr) return {};
  if (command->subcommands.empty())
    return complete_command(context, inspect(*command, std::string(command->name)), words, 1);
  if (words.size() == 2) {
    Completion out;
    append(out.candidates, command->subcommands);
    return out;
  }
  const Command* part = find(command->subcommands, words[1]);
  if (part == nullptr) return {};
  return complete_command(context, inspect(*part, std::string(command->name) + " " + std::string(part->name)), words,
                          2);
}

}  // namespace

Completion complete(const Context& context, std::span<const std::string> words) {
  const std::vector<std::string> nothing_typed = {""};
  if (words.empty()) words = nothing_typed;
  Completion out = complete_any(context, words);
  // Options are offered once one has been begun, or where nothing else fits.
  const bool has_others =
      std::ranges::any_of(out.candidates, [](const Candidate& c) { return !c.word.starts_with('-'); });
  std::erase_if(out.candidates, [&](const Candidate& candidate) {
    return !candidate.word.starts_with(words.back()) ||
           (has_others && words.back().empty() && candidate.word.starts_with('-'));
  });
  return out;
}

}  // namespace cordon::cli
