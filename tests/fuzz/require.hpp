// What a fuzzer says when something does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace cordon::fuzz {

/// Ends the program, so that the fuzzer keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace cordon::fuzz
