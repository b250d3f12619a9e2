// Deadlines for a keyring whose calls have none.
#pragma once

#include <memory>

#include "secrets/keyring.hpp"

namespace cordon::secrets {

/// `blocking` with deadlines: each of its calls runs on a thread of its own, one at a time, and a caller whose deadline passes
/// leaves it there (timed_out). Until that call has ended, which on macOS may be when the user answers a window, later ones
/// wait for it, so that there is never more than one thread and one window.
std::unique_ptr<Keyring> with_deadlines(std::unique_ptr<Keyring> blocking);

}  // namespace cordon::secrets
