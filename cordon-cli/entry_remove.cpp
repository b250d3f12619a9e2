// cordon route remove and cordon listener remove.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "config_editing.hpp"
#include "entry_commands.hpp"
#include "entry_fields.hpp"
#include "entry_json.hpp"
#include "entry_lookup.hpp"
#include "prompt.hpp"
#include "target.hpp"

namespace cordon::cli {
namespace {

struct Options {
  ChangeOptions change;
  std::string name;
  bool yes = false;
};

/// One call.
struct Job {
  const Context& context;
  const EntryKind& kind;
  const Options& options;
};

/// Whether the owner agrees; done, or what the command ends with otherwise.
Exit confirm(const Job& job, const ShownEntry& entry) {
  if (job.options.yes) return Exit::done;
  if (!Prompt::possible(job.context.terminal)) {
    job.context.terminal.error(
        fmt::format("{} remove: nobody can be asked here; give --yes to remove it", job.kind.noun));
    job.context.terminal.hint(fmt::format("`cordon help {} remove` shows its options", job.kind.noun));
    return Exit::usage;
  }
  Prompt prompt(job.context.terminal);
  const auto agreed =
      prompt.confirm(fmt::format("Remove {} {} ({})?", job.kind.noun, entry.name, entry.destination), Preset::no);
  if (agreed && *agreed) return Exit::done;
  return prompt.given_up(agreed ? NoAnswer::ended : agreed.error());
}

void tell(const Job& job, const Editing& editing, const ShownEntry& entry) {
  const std::string text = fmt::format("removed {} {} ({}) from {}", job.kind.noun, entry.name, entry.destination,
                                       editing.instance.config.native());
  if (!job.options.change.json) job.context.terminal.print(job.context.terminal.paint(Style::plain, text) + "\n");
  if (std::holds_alternative<KeyringRef>(entry.secret))
    job.context.terminal.hint(fmt::format("its secret is kept: {}", describe(entry.secret)));
}

Exit run(const Job& job) {
  auto editing = open_config(job.context, job.options.change.target);
  const auto loaded = editing ? editing->edit.check() : std::expected<LoadedConfig, std::vector<ConfigFault>>();
  if (!editing || !loaded) return Exit::failed;
  const auto written = editing->edit.entry(job.kind.list, job.options.name);
  if (!written) {
    report_no_entry(job.context, job.kind, job.options.change.target, editing->edit, job.options.name, written.error());
    return Exit::failed;
  }
  // The file is valid, so what it says under that name is in the config.
  const auto entries = job.kind.shown(loaded->config);
  const ShownEntry& entry = *std::ranges::find(entries, job.options.name, &ShownEntry::name);
  if (const auto removed = editing->edit.remove(job.kind.list, job.options.name); !removed) {
    job.context.terminal.error(removed.error().message());
    return Exit::failed;
  }
  if (const Exit agreed = confirm(job, entry); agreed != Exit::done) return agreed;
  if (!save_config(job.context, *editing)) return Exit::failed;
  tell(job, *editing, entry);
  const bool had_port = own_port(job.kind, *written).has_value();
  const ReloadAnswer taken =
      take_over(job.context, job.options.change, *editing, had_port ? TakeOver::by_restart : TakeOver::by_reload);
  if (job.options.change.json)
    print_change(*editing, job.kind, {"removed", true, entry.name}, taken, job.context.terminal);
  return taken.exit;
}

}  // namespace

Action declare_entry_remove(const EntryKind& kind, CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_entry_name(app, kind, options->name);
  app.add_flag("--yes", options->yes, "Remove it without asking");
  add_change_options(app, options->change);
  return [options, &kind](const Context& context) { return run({context, kind, *options}); };
}

}  // namespace cordon::cli
