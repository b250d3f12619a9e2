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

/// What has become of the entry's binding.
enum class Approval : unsigned char {
  settled,      ///< Approved, or nobody had to be asked.
  refused,      ///< Not approved: the person said no, or there was nobody to ask.
  interrupted,  ///< Not approved: Ctrl+C at the question.
};

/// Records the entry's binding as approved as far as the person has just asked for it: a new entry, or a change of one whose binding
/// was approved. Whoever edits the file could have written the rest: what an entry had that nobody approved, a store's program,
/// the roots of all routes. Such a binding is shown, and approved only if the person says so; without a terminal it is left, and
/// `cordon approve` named. `before` is the config without the change. What cannot be recorded is only warned of.
Approval approve_written(const Context& context, const Config& before, const Target& target, const WrittenEntry& entry);

}  // namespace cordon::cli
