// What a command that writes a route or listener may take as approved.
#pragma once

#include "config_editing.hpp"

namespace cordon::cli {

/// The route or listener that a command has written.
struct WrittenEntry {
  const TargetOptions& target;  ///< For the command that is shown.
  std::string name;
  std::string name_before;  ///< Empty: there was none.
};

/// Records the entry's binding as approved as far as the person has just asked for it: a new entry, or a change of one whose binding
/// was approved. Whoever edits the file could have written the rest: what an entry had that nobody approved, a store's program,
/// the roots of all routes. Such a binding is shown, and approved only if the person says so; without a terminal it is left, and
/// `cordon approve` named. `before` is the config without the change. What cannot be recorded is only warned of.
/// @returns interrupted after Ctrl+C at the question, which is a no; done otherwise, be it approved or not
Exit approve_written(const Context& context, const Config& before, const Target& target, const WrittenEntry& entry);

}  // namespace cordon::cli
