// Entries by their names, for the commands that change one.
#pragma once

#include <string>
#include <string_view>

#include "config_editing.hpp"
#include "entry_kind.hpp"

namespace cordon::cli {

/// Says what `error` says of an entry that cannot be changed, which one may be meant, and what is to be done.
void report_no_entry(const Context& context, const EntryKind& kind, const TargetOptions& options,
                     const ConfigEdit& edit, std::string_view name, const Error& error);

}  // namespace cordon::cli
