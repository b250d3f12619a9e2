#include "config_editing.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <system_error>

#include <cordon/control_client.hpp>

#include "first_config.hpp"
#include "linked_config.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{500};

/// Reports an error and makes nothing of it.
std::nullopt_t report(const Context& context, const Error& error) {
  context.terminal.error(error.message());
  return std::nullopt;
}

/// Where the faults of a text that was never written are is of no use: the keys are.
void report_faults(const Context& context, const std::vector<ConfigFault>& faults) {
  for (const ConfigFault& fault : faults)
    context.terminal.error(fmt::format("{}{}{}", fault.key, fault.key.empty() ? "" : ": ", fault.message));
  context.terminal.hint("nothing was written");
}

void tell_new_warnings(const Context& context, const Editing& editing, const std::vector<ConfigFault>& warnings) {
  for (const ConfigFault& warning : warnings) {
    const bool is_known =
        std::ranges::find(editing.known, warning.message, &ConfigFault::message) != editing.known.end();
    if (!is_known) context.terminal.warning(warning.to_string());
  }
}

/// How a running instance takes the change over, or how a first one is started.
void tell_next_step(const Context& context, const TargetOptions& options, const Editing& editing, TakeOver how) {
  const std::string start = command_line("start", options);
  if (!ControlClient(editing.instance).status(kPatience)) {
    if (editing.is_new) context.terminal.hint(fmt::format("to start the proxy: {}", start));
  } else if (how == TakeOver::by_restart) {
    context.terminal.hint(fmt::format("{} is running, and listens on what it was started with; to restart it: {} && {}",
                                      editing.instance.name, command_line("stop", options), start));
  } else {
    context.terminal.hint(fmt::format("{} is running; to make it go by this: {}", editing.instance.name,
                                      command_line("reload", options)));
  }
}

}  // namespace

void add_change_options(CLI::App& app, ChangeOptions& options) {
  add_reload_option(app, options.reload);
  add_target_options(app, options.target);
  app.add_flag("--json", options.json, "Report as JSON");
}

std::optional<Editing> open_config(const Context& context, const TargetOptions& options) {
  auto target = load_target(context, options);
  if (!target || !may_edit_linked(context, target->instance)) return std::nullopt;
  auto edit = ConfigEdit::open(target->instance.config);
  if (!edit) return report(context, edit.error());
  return Editing{std::move(target->instance), *std::move(edit), false, std::move(target->warnings),
                 std::move(target->config)};
}

bool is_missing(const Context& context, const TargetOptions& options) {
  const auto instance = resolve_instance(context, options);
  std::error_code ignored;
  return instance && !std::filesystem::exists(std::filesystem::symlink_status(instance->config, ignored));
}

std::optional<Editing> scaffold_config(const Context& context, const TargetOptions& options, std::uint16_t port) {
  auto instance = resolve_instance(context, options);
  if (!instance) return report(context, instance.error());
  auto edit = ConfigEdit::create(instance->config, first_config(port));
  if (!edit) return report(context, edit.error());
  return Editing{*std::move(instance), *std::move(edit), true, {}, {}};
}

std::optional<Config> save_config(const Context& context, Editing& editing) {
  auto loaded = editing.edit.check();
  if (!loaded) {
    report_faults(context, loaded.error());
    return std::nullopt;
  }
  if (const auto saved = editing.edit.save(); !saved) return report(context, saved.error());
  tell_new_warnings(context, editing, loaded->warnings);
  return std::move(loaded->config);
}

ReloadAnswer take_over(const Context& context, const ChangeOptions& options, const Editing& editing, TakeOver how) {
  if (options.reload == ReloadAfter::yes)
    return reload_after_edit(context, {options.target, options.json}, editing.instance);
  tell_next_step(context, options.target, editing, how);
  return {};
}

}  // namespace cordon::cli
