// Memory for secrets: locked into RAM and left out of core dumps where the limits allow it, and overwritten when freed.
#pragma once

#include <cstddef>

namespace cordon::base {

/// At least `size` bytes of secret memory; small sizes come from pages that many secrets share, so that the limit on
/// locked memory goes a long way and an allocation in the steady state makes no system call. A child made by fork()
/// finds zeros in place of the parent's secrets where the system can do that. Thread-safe.
/// @throws std::bad_alloc
void* allocate_locked(std::size_t size);

/// Overwrites and gives back what allocate_locked(size) returned. Null is ignored. Thread-safe.
void free_locked(void* memory, std::size_t size) noexcept;

/// Overwrites `size` bytes with zeros, in a way that the compiler cannot remove. For memory that is freed by other
/// means.
void wipe(void* memory, std::size_t size) noexcept;

}  // namespace cordon::base
