// The questions of `cordon route add` and `edit`, and of `cordon listener add` and `edit`.
#pragma once

#include "entry_fields.hpp"
#include "prompt.hpp"

namespace cordon::cli {

/// Asks for what makes an entry, one question after the other: for each field that has a question, belongs into the entry, and was not
/// given as a flag. What the entry says already is what an empty line stands for, then what is usual for its destination.
Answer<ConfigEntry> ask_entry(Prompt& prompt, const EntryKind& kind, ConfigEntry entry, const EntryFlags& given,
                              const Taken& taken);

}  // namespace cordon::cli
