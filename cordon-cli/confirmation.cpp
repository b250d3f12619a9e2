#include "confirmation.hpp"

#include <fmt/format.h>

#include "prompt.hpp"

namespace cordon::cli {

std::optional<Exit> ask(const Context& context, const Confirmation& confirmation) {
  if (confirmation.given) return std::nullopt;
  if (!context.terminal.can_ask()) {
    context.terminal.error(
        fmt::format("{}: nobody can be asked here; {}", confirmation.command, confirmation.otherwise));
    context.terminal.hint("to do it without a question, add --yes");
    return Exit::usage;
  }
  Prompt prompt(context.terminal);
  const auto agreed = prompt.confirm(confirmation.question, Preset::no);
  if (!agreed) return prompt.given_up(agreed.error(), confirmation.otherwise);
  if (*agreed) return std::nullopt;
  context.terminal.error(confirmation.otherwise);
  return Exit::failed;
}

}  // namespace cordon::cli
