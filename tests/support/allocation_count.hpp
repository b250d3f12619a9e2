// Counts heap allocations of the program that includes it, in exactly one of its files: it replaces operator new.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace cordon::testing {

inline std::atomic<std::size_t> allocation_count{0};

inline void* counted_allocate(std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace cordon::testing

void* operator new(std::size_t size) {
  return cordon::testing::counted_allocate(size);
}
void* operator new[](std::size_t size) {
  return cordon::testing::counted_allocate(size);
}
// std::stable_sort's buffer comes from these: left alone, they would be another allocator's.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  cordon::testing::allocation_count.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
