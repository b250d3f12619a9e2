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
};

/// Opens the file that the options name. It must be there and valid. What is wrong is already reported when nothing is
/// returned.
std::optional<Editing> open_config(const Context& context, const TargetOptions& options);

/// Whether there is no such file yet. False also when the options name none.
bool is_missing(const Context& context, const TargetOptions& options);

/// A file that is to be made, with nothing but its port. What is wrong is already reported when nothing is returned.
std::optional<Editing> scaffold_config(const Context& context, const TargetOptions& options, std::uint16_t port);

/// Writes the file, if it would be valid, warns of what is new in it, and takes the binding of the route or listener called `name` as
/// approved, for its owner has just asked for it; an empty name is none. Everything that is wrong is already reported when it is
/// false.
bool save_config(const Context& context, Editing& editing, std::string_view name);

/// How a running instance takes a change over. Ports are bound at the start only.
enum class TakeOver : bool { by_reload, by_restart };

/// Says how a running instance takes the change over, or how a first one is started.
void tell_next_step(const Context& context, const TargetOptions& options, const Editing& editing, TakeOver how);

}  // namespace cordon::cli
