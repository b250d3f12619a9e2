// cordon route list and show, cordon listener list and show.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "entry_commands.hpp"
#include "entry_fields.hpp"
#include "entry_json.hpp"
#include "named_secret.hpp"
#include "target.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string name;
  bool json = false;
};

/// One call of `list` or `show`.
struct Job {
  const Context& context;
  const EntryKind& kind;
  const Options& options;
  const Target& target;
};

using Row = std::vector<std::string>;

/// The last column is as long as it is.
void print_table(Terminal& terminal, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t column = 0; column < widths.size(); ++column)
      line += fmt::format("{:<{}}{}", rows[i][column], widths[column], column + 1 < widths.size() ? "  " : "");
    terminal.print(terminal.paint(i == 0 ? Style::bold : Style::plain, line) + "\n");
  }
}

Exit list(const Job& job) {
  const auto entries = job.kind.shown(job.target.config);
  const std::string file = job.target.instance.config.string();
  if (job.options.json) {
    const auto review = review_or_warn(job.context, job.target);
    Json report = {{"config", file}, {std::string(job.kind.nouns), Json::array()}};
    for (const ShownEntry& entry : entries)
      report[std::string(job.kind.nouns)].push_back(to_json(entry, review));
    print_json(job.context.terminal, report);
  } else if (entries.empty()) {
    job.context.terminal.hint(fmt::format("there are no {} in {}; to add one: {}", job.kind.nouns, file,
                                          command_line(fmt::format("{} add", job.kind.noun), job.options.target)));
  } else {
    std::vector<Row> rows = {Row(job.kind.columns.begin(), job.kind.columns.end())};
    for (const ShownEntry& entry : entries)
      rows.push_back(entry.cells);
    print_table(job.context.terminal, rows);
  }
  return Exit::done;
}

void print_entry(Terminal& terminal, const ShownEntry& entry, const std::optional<BindingReview>& review) {
  const auto row = [&](std::string_view label, std::string_view value) {
    terminal.print(fmt::format("  {:<10}{}\n", label, terminal.paint(Style::plain, value)));
  };
  terminal.print(terminal.paint(Style::bold, entry.name) + "\n");
  for (const auto& [label, value] : entry.rows)
    row(label, value);
  row("binding", review ? standing_of(*review, entry.name) : "not known");
}

Exit show(const Job& job) {
  const auto entries = job.kind.shown(job.target.config);
  const auto entry = std::ranges::find(entries, job.options.name, &ShownEntry::name);
  if (entry == entries.end()) {
    std::vector<std::string_view> names;
    for (const ShownEntry& other : entries)
      names.push_back(other.name);
    report_unknown_name(job.context, job.target, job.options.target, job.kind.noun, job.options.name, names);
    return Exit::failed;
  }
  const auto review = review_or_warn(job.context, job.target);
  if (job.options.json)
    print_json(job.context.terminal, to_json(*entry, review));
  else
    print_entry(job.context.terminal, *entry, review);
  return Exit::done;
}

using Run = Exit (*)(const Job& job);

Action finish_declaring(const EntryKind& kind, CLI::App& app, const std::shared_ptr<Options>& options, Run run) {
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options, &kind, run](const Context& context) {
    const auto target = load_target(context, options->target);
    return target ? run({context, kind, *options, *target}) : Exit::failed;
  };
}

}  // namespace

Action declare_entry_list(const EntryKind& kind, CLI::App& app) {
  return finish_declaring(kind, app, std::make_shared<Options>(), list);
}

Action declare_entry_show(const EntryKind& kind, CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_entry_name(app, kind, options->name);
  return finish_declaring(kind, app, options, show);
}

}  // namespace cordon::cli
