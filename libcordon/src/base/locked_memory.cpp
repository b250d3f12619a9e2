#include "base/locked_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <mutex>
#include <new>

namespace cordon::base {
namespace {

constexpr std::size_t kSlabSize = 64 * 1024;
constexpr std::size_t kSmallest = 32;
constexpr std::size_t kLargestSmall = 4096;
constexpr std::size_t kClasses = std::bit_width(kLargestSmall / kSmallest);

// 32, 64, ... 4096: the index of the smallest block that holds `size`.
constexpr std::size_t class_of(std::size_t size) {
  return size <= kSmallest ? 0 : std::size_t(std::bit_width((size - 1) / kSmallest));
}
static_assert(class_of(1) == 0 && class_of(32) == 0 && class_of(33) == 1 && class_of(4096) == kClasses - 1);

constexpr std::size_t block_size(std::size_t size_class) {
  return kSmallest << size_class;
}

std::size_t round_to_pages(std::size_t size) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (size > SIZE_MAX - page) throw std::bad_alloc();
  return (size + page - 1) / page * page;
}

// Every protection is best effort: a small RLIMIT_MEMLOCK or an old kernel must not make secrets unusable.
void protect(void* memory, std::size_t size) {
#ifdef MADV_DONTDUMP
  (void)::madvise(memory, size, MADV_DONTDUMP);
#endif
#ifdef MADV_WIPEONFORK
  (void)::madvise(memory, size, MADV_WIPEONFORK);
#endif
  (void)::mlock(memory, size);
}

void* map_pages(std::size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  protect(memory, size);
  return memory;
}

struct FreeBlock {
  FreeBlock* next;
};

// Slabs are never given back: the most secrets held at one time decide their number.
class Arena {
 public:
  void* take(std::size_t size_class) {
    const std::scoped_lock lock(mutex_);
    if (FreeBlock* block = free_[size_class]) {
      free_[size_class] = block->next;
      return block;
    }
    return cut(block_size(size_class));
  }

  void give_back(void* memory, std::size_t size_class) noexcept {
    const std::scoped_lock lock(mutex_);
    free_[size_class] = new (memory) FreeBlock{free_[size_class]};
  }

 private:
  char* cut(std::size_t size) {
    if (left_ < size) add_slab();
    char* block = next_;
    next_ += size;
    left_ -= size;
    return block;
  }

  // The old slab's rest is lost until the process ends: less than one block of the largest class.
  void add_slab() {
    next_ = static_cast<char*>(map_pages(kSlabSize));
    left_ = kSlabSize;
  }

  std::mutex mutex_;
  std::array<FreeBlock*, kClasses> free_{};
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

// The exception to "no globals": a Secret's destructor must reach the arena wherever the Secret lies, so it is neither
// passed along nor ever destroyed.
Arena& arena() {
  alignas(Arena) static std::array<std::byte, sizeof(Arena)> storage;
  static Arena* const instance = new (storage.data()) Arena;
  return *instance;
}

}  // namespace

void wipe(void* memory, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(memory, 0, size);
  // Tells the compiler that the zeros are read, so that it cannot drop the memset as a dead store.
  asm volatile("" : : "r"(memory) : "memory");
}

void* allocate_locked(std::size_t size) {
  return size <= kLargestSmall ? arena().take(class_of(size)) : map_pages(round_to_pages(size));
}

void free_locked(void* memory, std::size_t size) noexcept {
  if (memory == nullptr) return;
  wipe(memory, size);
  if (size <= kLargestSmall) {
    arena().give_back(memory, class_of(size));
  } else {
    (void)::munmap(memory, round_to_pages(size));
  }
}

}  // namespace cordon::base
