// cordon route add and edit, cordon listener add and edit.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include "approve_written.hpp"
#include "config_editing.hpp"
#include "entry_commands.hpp"
#include "entry_fields.hpp"
#include "entry_json.hpp"
#include "entry_lookup.hpp"
#include "entry_wizard.hpp"
#include "failure.hpp"
#include "free_port.hpp"
#include "port_holder.hpp"
#include "prompt.hpp"
#include "running_instance.hpp"
#include "secret_fields.hpp"
#include "target.hpp"
#include "text.hpp"
#include "usual_port.hpp"

namespace cordon::cli {
namespace {

struct Options {
  ChangeOptions change;
  EntryFlags flags;
  std::string name;  ///< Of the entry to change.
  std::uint16_t listen = 0;
};

/// One call of `add` or `edit`.
struct Job {
  const Context& context;
  const EntryKind& kind;
  const Options& options;
  std::string_view command;
};

/// A step's result, or what the command ends with; what is wrong is already reported then.
template <class T>
using Step = std::expected<T, Exit>;

std::unexpected<Exit> usage_error(const Job& job, std::string_view text) {
  job.context.terminal.error(fmt::format("{} {}: {}", job.kind.noun, job.command, text));
  job.context.terminal.hint(fmt::format("`cordon help {} {}` shows its options", job.kind.noun, job.command));
  return std::unexpected(Exit::usage);
}

/// What all entries but `own` have; null: all entries.
Taken taken_in(const EntryKind& kind, const ConfigEdit& edit, const ConfigEntry* own) {
  Taken out;
  const auto loaded = edit.check();
  if (!loaded) return out;
  for (const EntryKind* each : {&kRouteKind, &kListenerKind})
    for (const ShownEntry& entry : each->shown(loaded->config))
      out.names.push_back(entry.name);
  for (const Listener& listener : loaded->config.listeners)
    out.ports.insert(listener.port);
  out.ports.insert(loaded->config.listen);
  if (own == nullptr) return out;
  std::erase(out.names, own->text("name"));
  out.ports.erase(own_port(kind, *own).value_or(0));
  return out;
}

std::optional<std::string> why_no_port(std::string_view text) {
  return port_of(text) ? std::nullopt : std::optional<std::string>("must be a port from 1 to 65535");
}

/// The port of a config that is not there yet.
Step<std::uint16_t> choose_listen(const Job& job) {
  if (job.options.listen != 0) return job.options.listen;
  const auto free = find_usual_port(job.context, job.options.change.target);
  if (!Prompt::possible(job.context.terminal)) {
    if (free) return *free;
    return usage_error(job, "no usual port is free for the new config; give one with --listen");
  }
  Prompt prompt(job.context.terminal);
  prompt.say("There is no config file here yet: it will be made.");
  const auto answer = prompt.text({.question = "Port for the proxy to listen on",
                                   .preset = free ? std::to_string(*free) : "",
                                   .objection = why_no_port});
  if (!answer) return std::unexpected(prompt.given_up(answer.error()));
  return port_of(*answer).value_or(0);
}

Step<Editing> begin_adding(const Job& job) {
  const TargetOptions& target = job.options.change.target;
  std::optional<Editing> editing;
  if (is_missing(job.context, target)) {
    const auto port = choose_listen(job);
    if (!port) return std::unexpected(port.error());
    editing = scaffold_config(job.context, target, *port);
  } else {
    if (job.options.listen != 0)
      return usage_error(job, "--listen is for a config that is made by this; the file is there already");
    editing = open_config(job.context, target);
  }
  if (!editing) return std::unexpected(Exit::failed);
  return *std::move(editing);
}

/// The entry made whole: by questions where it lacks something or nothing was given, else by what is usual.
Step<ConfigEntry> complete(const Job& job, ConfigEntry entry, const Taken& taken) {
  ConfigEntry filled = entry;
  job.kind.fill_defaults(filled, taken);
  const auto missing = missing_flags(job.kind, filled);
  if (missing.empty() && !job.options.flags.none()) return filled;
  if (!Prompt::possible(job.context.terminal))
    return usage_error(job, missing.empty() ? fmt::format("say what to change, such as {}", job.kind.hint)
                                            : fmt::format("missing: {}", fmt::join(missing, ", ")));
  Prompt prompt(job.context.terminal);
  auto answers = ask_entry(prompt, job.kind, std::move(entry), job.options.flags, taken);
  if (!answers) return std::unexpected(prompt.given_up(answers.error()));
  prompt.say("");
  for (const EntryField& field : job.kind.fields)
    if (answers->find(field.key) != nullptr) prompt.say(fmt::format("  {:<24}{}", field.key, text_of(*answers, field)));
  const auto agreed = prompt.confirm("Write this?", Preset::yes);
  if (agreed && *agreed) return *std::move(answers);
  return std::unexpected(prompt.given_up(agreed ? NoAnswer::ended : agreed.error()));
}

/// Whether the secret lies where `cordon secret set` stores it, and did not lie there before.
bool is_to_be_stored(const ConfigEntry& entry, const ConfigEntry* before) {
  constexpr std::array<std::string_view, 3> kPlace = {kSourceKey, kAccountKey, kServiceKey};
  if (entry.text(kSourceKey) != "keyring" || !entry.text(kServiceKey).empty()) return false;
  return before == nullptr ||
         std::ranges::any_of(kPlace, [&](std::string_view key) { return entry.text(key) != before->text(key); });
}

std::string_view what_happened(const ConfigEntry& entry, const ConfigEntry* before) {
  if (before == nullptr) return "added";
  return entry == *before ? "nothing to change of" : "changed";
}

/// What was done. `before` is the entry as it was; null: there was none.
void tell(const Job& job, const Editing& editing, const ConfigEntry& entry, const ConfigEntry* before) {
  const std::string name = entry.text("name");
  const Terminal& terminal = job.context.terminal;
  const std::string text =
      fmt::format("{} {} {} ({}) {} {}", what_happened(entry, before), job.kind.noun, name,
                  entry.text(job.kind.destination), before == nullptr ? "to" : "in", editing.instance.config.native());
  if (!job.options.change.json) job.context.terminal.print(terminal.paint(Style::plain, text) + "\n");
  if (is_to_be_stored(entry, before))
    terminal.hint(fmt::format("to store its secret: {}",
                              command_line("secret set " + shell_quoted(name), job.options.change.target)));
}

bool listens_on(const ProxyStatus& proxy, std::uint16_t port) {
  return port == proxy.port || std::ranges::find(proxy.listeners, port, &ListenerStatus::port) != proxy.listeners.end();
}

/// What the running instance itself listens on is free for it. It is not dumpable, so that the system may not tell that it is the one.
void warn_of_taken_port(const Context& context, const Instance& instance, std::uint16_t port) {
  if (is_free_port(port)) return;
  const auto holder = find_port_holder(port);
  const auto running = ControlClient(instance).status(kAnswerTime);
  if (running && (listens_on(running->proxy, port) || (holder && holder->pid == running->pid))) return;
  if (running && !holder && !is_held_by_another_user(port)) return;  // such as a listener's that a reload has removed
  context.terminal.warning(fmt::format("something listens on 127.0.0.1:{} now, so the proxy could not start", port));
}

/// `now` is the entry as it is shown, `before` what the file said of it; null: nothing.
EntryChange change_of(const ConfigEntry& entry, const ConfigEntry* before, Json now) {
  if (before == nullptr) return {"added", true, std::move(now)};
  return {"changed", entry != *before, std::move(now)};
}

/// What is not approved is not put to use, nor is it said how: a running proxy may go by an unapproved binding once it reloads.
ReloadAnswer leave_unused(const Job& job, const Instance& instance, std::string_view name, Approval approval) {
  if (approval == Approval::interrupted) return {.exit = Exit::interrupted};
  if (job.options.change.reload == ReloadAfter::no) return {};
  return refuse_to_reload(job.context, instance, {Errc::binding_unapproved, fmt::format("{} is not approved", name)});
}

/// Writes the file, tells of it, and of what comes next. `before` is the entry as it was; null: there was none.
Exit finish(const Job& job, Editing& editing, const ConfigEntry& entry, const ConfigEntry* before) {
  auto written = save_config(job.context, editing);
  if (!written) return Exit::failed;
  const Target target{editing.instance, *std::move(written), {}};
  const std::string name = entry.text("name");
  const Approval approval =
      approve_written(job.context, editing.before, target,
                      {job.options.change.target, name, before == nullptr ? "" : before->text("name")});
  tell(job, editing, entry, before);
  const auto port = own_port(job.kind, entry);
  const bool is_new_port = port && (before == nullptr || port != own_port(job.kind, *before));
  if (is_new_port) warn_of_taken_port(job.context, editing.instance, *port);
  const ReloadAnswer taken = approval == Approval::settled
                                 ? take_over(job.context, job.options.change, editing,
                                             is_new_port ? TakeOver::by_restart : TakeOver::by_reload)
                                 : leave_unused(job, editing.instance, name, approval);
  if (job.options.change.json)
    print_change(editing, job.kind, change_of(entry, before, entry_json(job.context, job.kind, target, name)), taken,
                 job.context.terminal);
  return taken.exit;
}

Exit add(const Job& job) {
  ConfigEntry entry;
  if (const auto wrong = apply_flags(job.kind, job.options.flags, entry)) return usage_error(job, *wrong).error();
  auto editing = begin_adding(job);
  if (!editing) return editing.error();
  auto whole = complete(job, std::move(entry), taken_in(job.kind, editing->edit, nullptr));
  if (!whole) return whole.error();
  const ConfigEntry added = in_order(job.kind, *whole);
  if (const auto done = editing->edit.add(job.kind.list, added); !done) return fail_with(job.context, done.error());
  return finish(job, *editing, added, nullptr);
}

Exit edit(const Job& job) {
  auto editing = open_config(job.context, job.options.change.target);
  if (!editing) return Exit::failed;
  const auto before = editing->edit.entry(job.kind.list, job.options.name);
  if (!before) {
    report_no_entry(job.context, job.kind, job.options.change.target, editing->edit, job.options.name, before.error());
    return Exit::failed;
  }
  ConfigEntry entry = *before;
  if (const auto wrong = apply_flags(job.kind, job.options.flags, entry)) return usage_error(job, *wrong).error();
  const auto whole = complete(job, std::move(entry), taken_in(job.kind, editing->edit, &*before));
  if (!whole) return whole.error();
  if (const auto done = editing->edit.replace(job.kind.list, job.options.name, *whole); !done)
    return fail_with(job.context, done.error());
  return finish(job, *editing, *whole, &*before);
}

}  // namespace

Action declare_entry_add(const EntryKind& kind, CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_entry_flags(app, kind, options->flags);
  app.add_option("--listen", options->listen, "The proxy's port, when the config file is made by this")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535).description(""));
  add_change_options(app, options->change);
  return [options, &kind](const Context& context) { return add({context, kind, *options, "add"}); };
}

Action declare_entry_edit(const EntryKind& kind, CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_entry_name(app, kind, options->name);
  add_entry_flags(app, kind, options->flags);
  app.add_option("--unset", options->flags.unset,
                 "Take an optional key out, by the name of its option; may be repeated")
      ->type_name("OPTION")
      ->expected(1)
      ->take_all();
  add_change_options(app, options->change);
  return [options, &kind](const Context& context) { return edit({context, kind, *options, "edit"}); };
}

}  // namespace cordon::cli
