// What commands that change cordon.toml share: opening it, writing it, and what there is to say afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <cordon/config_edit.hpp>

#include "target.hpp"

namespace cordon::cli {

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

/// The route or listener that a command writes. Nothing has an empty name.
struct WrittenEntry {
  const TargetOptions& target;  ///< For the command that is shown.
  std::string name = {};
  std::string name_before = {};  ///< Empty: there was none.
};

/// Writes the file, if it would be valid, warns of what is new in it, and takes the entry's binding as approved where its owner has
/// just asked for all of it (approve_written). Everything that is wrong is already reported when it is false.
bool save_config(const Context& context, Editing& editing, const WrittenEntry& entry);

/// How a running instance takes a change over. Ports are bound at the start only.
enum class TakeOver : bool { by_reload, by_restart };

/// Says how a running instance takes the change over, or how a first one is started.
void tell_next_step(const Context& context, const TargetOptions& options, const Editing& editing, TakeOver how);

}  // namespace cordon::cli
