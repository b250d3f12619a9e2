// Random bytes that nobody can guess: a SCRAM nonce, a cancel key.
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace cordon::postgres {

/// Fills `out` from the system's source of randomness. Thread-safe.
void fill_random(base::MutableBytes out) noexcept;

/// A fresh nonce for ScramClient: 18 random bytes in base64, as libpq has it. Thread-safe.
std::string make_scram_nonce();

}  // namespace cordon::postgres
