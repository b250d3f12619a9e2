// What each command takes, read out of its own declaration: the completions, the manual and the tests of the documents are made
// from it, so that none of them can say something else.
#pragma once

#include <string>
#include <vector>

#include "command.hpp"

namespace cordon::cli {

enum class OptionKind : std::uint8_t { flag, value, argument };

/// An option or a positional argument.
struct OptionInfo {
  OptionKind kind = OptionKind::flag;
  std::vector<std::string> names;  ///< `-c` and `--config`, the long one last; of an argument its one name, `NAME`.
  std::string value;               ///< What its value is called, `PATH`; empty for flags and arguments.
  std::string description;
  std::vector<std::string> choices;   ///< The only values that it takes; empty: any.
  std::vector<std::string> excludes;  ///< The last names of the options that cannot stand beside it.
  bool required = false;
  bool repeatable = false;

  const std::string& name() const { return names.back(); }
};

/// A command that can run.
struct CommandInfo {
  const Command* command;
  std::string name;  ///< As it is called: `token list`.
  std::vector<OptionInfo> options;
  bool ends_with_program = false;  ///< What follows is the command line of another program, as with `cordon run`.
};

CommandInfo inspect(const Command& command, std::string name);

/// Every command that can run, those of groups in the group's place, in the order of help.
std::vector<CommandInfo> catalogue();

/// `cordon token create [-c PATH | --scope SCOPE] [--json] [--route ROUTE]... NAME`
std::string synopsis(const CommandInfo& info);

}  // namespace cordon::cli
