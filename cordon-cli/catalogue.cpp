#include "catalogue.hpp"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "choices.hpp"
#include "command_table.hpp"

namespace cordon::cli {
namespace {

std::vector<std::string> names_of(const CLI::Option& option) {
  if (!option.nonpositional()) return {option.get_name(true)};
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames())
    names.push_back("-" + name);
  for (const std::string& name : option.get_lnames())
    names.push_back("--" + name);
  return names;
}

OptionKind kind_of(const CLI::Option& option) {
  if (!option.nonpositional()) return OptionKind::argument;
  return option.get_items_expected_max() == 0 ? OptionKind::flag : OptionKind::value;
}

/// CLI11 knows how often an option may stand only by two of its settings together.
bool is_repeatable(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll || option.get_items_expected_max() > 1;
}

OptionInfo info_of(const CLI::Option& option) {
  OptionInfo info;
  info.kind = kind_of(option);
  info.names = names_of(option);
  if (info.kind == OptionKind::value) info.value = option.get_type_name();
  info.description = option.get_description();
  info.choices = choices_of(option);
  for (const CLI::Option* other : option.get_excludes())
    info.excludes.push_back(names_of(*other).back());
  info.required = option.get_required();
  info.repeatable = is_repeatable(option);
  return info;
}

std::string bare_synopsis(const OptionInfo& option) {
  const std::string value = option.choices.empty() ? option.value : fmt::format("{}", fmt::join(option.choices, "|"));
  return value.empty() ? option.names.front() : fmt::format("{} {}", option.names.front(), value);
}

const OptionInfo* find_option(const CommandInfo& info, std::string_view name) {
  const auto found = std::ranges::find(info.options, name, &OptionInfo::name);
  return found == info.options.end() || found->kind == OptionKind::argument ? nullptr : &*found;
}

/// With the options that exclude it and come later; empty when it stands with an earlier one.
std::string bracketed_synopsis(const CommandInfo& info, const OptionInfo& option) {
  std::vector<std::string> parts = {bare_synopsis(option)};
  for (const std::string& name : option.excludes) {
    const OptionInfo* other = find_option(info, name);
    if (other == nullptr) continue;
    if (other < &option) return {};
    parts.push_back(bare_synopsis(*other));
  }
  const std::string text = fmt::format("{}", fmt::join(parts, " | "));
  return (option.required ? text : fmt::format("[{}]", text)) + (option.repeatable ? "..." : "");
}

}  // namespace

CommandInfo inspect(const Command& command, std::string name) {
  CommandInfo info{.command = &command, .name = std::move(name), .options = {}};
  CLI::App app;
  app.set_help_flag("-h,--help", "Show this");
  const Action unused = command.declare(app);
  for (const CLI::Option* option : static_cast<const CLI::App&>(app).get_options())
    info.options.push_back(info_of(*option));
  info.ends_with_program = app.get_prefix_command();
  return info;
}

std::vector<CommandInfo> catalogue() {
  std::vector<CommandInfo> all;
  for (const Command* command : all_commands()) {
    if (command->declare != nullptr) all.push_back(inspect(*command, std::string(command->name)));
    for (const Command* part : command->subcommands)
      all.push_back(inspect(*part, fmt::format("{} {}", command->name, part->name)));
  }
  return all;
}

std::string synopsis(const CommandInfo& info) {
  std::string text = fmt::format("cordon {}", info.name);
  for (const OptionInfo& option : info.options) {
    if (option.kind == OptionKind::argument || option.name() == "--help") continue;
    if (const std::string part = bracketed_synopsis(info, option); !part.empty()) text += " " + part;
  }
  return info.command->arguments.empty() ? text : fmt::format("{} {}", text, info.command->arguments);
}

}  // namespace cordon::cli
