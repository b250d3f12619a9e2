#include "entry_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text.hpp"

namespace cordon::cli {

void report_no_entry(const Context& context, const EntryKind& kind, const TargetOptions& options,
                     const ConfigEdit& edit, std::string_view name, const Error& error) {
  std::vector<std::string> names;
  for (const ConfigEntry& entry : edit.entries(kind.list))
    names.push_back(entry.text("name"));
  const auto guess = nearest(name, std::vector<std::string_view>(names.begin(), names.end()));
  const bool is_near = guess && *guess != name;
  context.terminal.error(
      fmt::format("{}{}", error.message(), is_near ? fmt::format("; did you mean `{}`?", *guess) : ""));
  const auto loaded = edit.check();
  const auto all = loaded ? kind.shown(loaded->config) : std::vector<ShownEntry>();
  const bool is_listed = std::ranges::find(all, name, &ShownEntry::name) != all.end();
  if (is_listed && std::ranges::find(names, name) == names.end())
    context.terminal.hint(
        fmt::format("it is written in an older spelling; write it as [[{}]] to change it", kind.nouns));
  else
    context.terminal.hint(
        fmt::format("the {} are listed by: {}", kind.nouns, command_line(fmt::format("{} list", kind.noun), options)));
}

}  // namespace cordon::cli
