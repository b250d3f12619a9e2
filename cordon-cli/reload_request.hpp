// Asking the running instance to read its config again, and telling how it went: `cordon reload`, and `--reload` of the commands that
// change the config.
#pragma once

#include <cstdint>

#include "command.hpp"
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

/// Returns when the reload is done or has failed, which is told then.
Exit request_reload(const Context& context, const ReloadOptions& options, const Instance& instance);

/// What `--reload` does once the config is written. An instance that does not run is no failure: it will start with the config as it is.
Exit reload_after_edit(const Context& context, const TargetOptions& target, const Instance& instance);

}  // namespace cordon::cli
