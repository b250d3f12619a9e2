#include "json_output.hpp"

#include <unistd.h>

namespace cordon::cli {

void print_json(Terminal& terminal, const Json& report) {
  // C1 controls and those that turn text are plain characters to JSON, and commands to a terminal: there all but ASCII is escaped.
  const bool only_ascii = ::isatty(STDOUT_FILENO) == 1;
  terminal.print(report.dump(2, ' ', only_ascii, Json::error_handler_t::replace) + "\n");
}

Json json_of(const Error& error) {
  return {{"code", name(error.code)}, {"message", error.message()}};
}

Json json_of(const std::vector<Error>& errors) {
  Json list = Json::array();
  for (const Error& error : errors)
    list.push_back(json_of(error));
  return list;
}

void print_json_of_failure(Terminal& terminal) {
  const Terminal::Said& said = terminal.said();
  if (terminal.has_printed() || said.error.empty()) return;
  print_json(terminal, {{"error", {{"message", said.error}, {"hint", said.hint.empty() ? Json() : Json(said.hint)}}}});
}

}  // namespace cordon::cli
