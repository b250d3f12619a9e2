// A yes or no before something that is not easily taken back.
#pragma once

#include <optional>
#include <string_view>

#include "command.hpp"

namespace cordon::cli {

struct Confirmation {
  std::string_view question;
  bool given = false;          ///< --yes.
  std::string_view command;    ///< What it belongs to, such as `ca rotate`.
  std::string_view otherwise;  ///< How things stay when the answer is no.
};

/// Asks, unless --yes was given. @returns nothing when the answer is yes; else what the command ends with: a usage error that
/// names --yes where nobody can be asked. It is already reported then.
std::optional<Exit> ask(const Context& context, const Confirmation& confirmation);

}  // namespace cordon::cli
