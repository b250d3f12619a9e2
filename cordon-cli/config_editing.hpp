// What commands that change cordon.toml share: opening it, writing it, and what there is to say afterwards.
#pragma once

#include <optional>

#include <cordon/config_edit.hpp>

#include "reload_request.hpp"
#include "target.hpp"

namespace cordon::cli {

/// What every command that changes an entry can be told.
struct ChangeOptions {
  TargetOptions target;
  ReloadAfter reload = ReloadAfter::no;
  bool json = false;
};

/// Declares them: --reload, --config, --scope, --json.
void add_change_options(CLI::App& app, ChangeOptions& options);

/// A config file that is being changed.
struct Editing {
  Instance instance;
  ConfigEdit edit;
  bool is_new = false;             ///< The file is made when it is saved.
  std::vector<ConfigFault> known;  ///< The warnings that it had before.
  Config before;                   ///< What it said before.
};

/// Opens the file that the options name. It must be there and valid. What is wrong is already reported when nothing is
/// returned.
std::optional<Editing> open_config(const Context& context, const TargetOptions& options);

/// Whether there is no such file yet. False also when the options name none.
bool is_missing(const Context& context, const TargetOptions& options);

/// A file that is to be made, with nothing but its port. What is wrong is already reported when nothing is returned.
std::optional<Editing> scaffold_config(const Context& context, const TargetOptions& options, std::uint16_t port);

/// Writes the file, if it would be valid, and warns of what is new in it.
/// @returns what it says now; nothing when it was not written, and what is wrong is already reported then
std::optional<Config> save_config(const Context& context, Editing& editing);

/// How a running instance takes a change over. Ports are bound at the start only.
enum class TakeOver : bool { by_reload, by_restart };

/// What comes after the file is written: has a running instance reload, if the options say so, or else says how it takes the change
/// over, or how a first one is started. @returns what the command ends with, and what its JSON says of the reload
ReloadAnswer take_over(const Context& context, const ChangeOptions& options, const Editing& editing, TakeOver how);

}  // namespace cordon::cli
