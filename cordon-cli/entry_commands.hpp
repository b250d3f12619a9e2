// `add`, `edit`, `list`, `show` and `remove`, for routes and listeners alike: each of these is a Command's `declare` but for the kind.
#pragma once

#include "command.hpp"
#include "entry_kind.hpp"

namespace cordon::cli {

Action declare_entry_add(const EntryKind& kind, CLI::App& app);
Action declare_entry_edit(const EntryKind& kind, CLI::App& app);
Action declare_entry_list(const EntryKind& kind, CLI::App& app);
Action declare_entry_show(const EntryKind& kind, CLI::App& app);
Action declare_entry_remove(const EntryKind& kind, CLI::App& app);

}  // namespace cordon::cli
