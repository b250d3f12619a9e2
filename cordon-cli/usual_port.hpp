// The port of a config that is being made, chosen so that instances which do not run yet do not meet on one later.
#pragma once

#include <cstdint>
#include <optional>

#include "target.hpp"

namespace cordon::cli {

/// A free port for the instance that the options name. It is no port of the user's config, of a tool's own config or of a config that
/// is installed as a service, running or not. For a project the search begins at a port of its own, made of its name: those of
/// two projects differ mostly, though nobody keeps a list of projects. Nothing when no usual port is free.
std::optional<std::uint16_t> find_usual_port(const Context& context, const TargetOptions& options);

}  // namespace cordon::cli
