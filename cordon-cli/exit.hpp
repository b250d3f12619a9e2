// What a command exits with when something failed.
#pragma once

#include <span>

#include <cordon/error.hpp>

#include "command.hpp"

namespace cordon::cli {

/// What a command that failed with `errors` exits with: store_unavailable when all of them may mend themselves, else failed.
Exit exit_of(std::span<const Error> errors);

}  // namespace cordon::cli
