// Asking the running instance to read its config again, and telling how it went: `cordon reload`, and `--reload` of the commands that
// change the config.
#pragma once

#include <cstdint>

#include "command.hpp"
#include "json_output.hpp"
#include "target.hpp"

namespace cordon::cli {

struct ReloadOptions {
  TargetOptions target;
  bool json = false;
};

/// Whether the running instance is to take a change over at once.
enum class ReloadAfter : std::uint8_t { no, yes };

/// Declares `--reload`.
void add_reload_option(CLI::App& app, ReloadAfter& after);

/// How a reload went.
struct ReloadAnswer {
  Exit exit = Exit::done;
  Json report = {};  ///< What `cordon reload --json` prints; null: no instance was asked.
};

/// Returns when the reload is done or has failed, which is told then, but for the report: with `options.json` the caller prints it.
ReloadAnswer request_reload(const Context& context, const ReloadOptions& options, const Instance& instance);

/// What `--reload` does once the config is written. An instance that does not run is no failure: it will start with the config as it is.
ReloadAnswer reload_after_edit(const Context& context, const ReloadOptions& options, const Instance& instance);

/// The same where the running instance must not go by the change, and `why`. Where none runs, there is nothing to tell.
ReloadAnswer refuse_to_reload(const Context& context, const Instance& instance, const Error& why);

}  // namespace cordon::cli
