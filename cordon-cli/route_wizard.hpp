// The questions of `cordon route add` and `edit`.
#pragma once

#include <cordon/config_edit.hpp>

#include "prompt.hpp"
#include "route_fields.hpp"

namespace cordon::cli {

/// Names that a new route cannot have.
using TakenNames = std::vector<std::string>;

/// Asks for what makes a route, one question after the other: for each field that has a question, belongs into the entry, and was not given
/// as a flag. What the entry says already is what an empty line stands for, then what is usual for its host.
Answer<ConfigEntry> ask_route(Prompt& prompt, ConfigEntry entry, const RouteFlags& given, const TakenNames& taken);

/// Fills in what is usual for the entry's host, where it says nothing yet: the name, and of known providers how they want their
/// credential.
void fill_defaults(ConfigEntry& entry, const TakenNames& taken);

}  // namespace cordon::cli
