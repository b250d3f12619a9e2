#include "base/locked_memory.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cordon::base {
namespace {

// Whether the kernel shows `flag` for the mapping that holds `address`.
bool mapping_has_flag(const void* address, std::string_view flag) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= wanted && wanted < end;
    if (inside && line.starts_with("VmFlags:")) return line.find(" " + std::string(flag)) != std::string::npos;
  }
  return false;
}

// False where the limit is used up, and under sanitizers, which make mlock() do nothing.
bool can_lock() {
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  (void)::mlock(page, 4096);
  const bool locked = mapping_has_flag(page, "lo");
  ::munmap(page, 4096);
  return locked;
}

TEST(LockedMemory, IsLockedAndLeftOutOfDumps) {  // L2
  for (const std::size_t size : {std::size_t{20}, std::size_t{100'000}}) {
    void* memory = allocate_locked(size);
    EXPECT_TRUE(mapping_has_flag(memory, "dd")) << size;
    EXPECT_TRUE(mapping_has_flag(memory, "wf")) << size;
    EXPECT_EQ(mapping_has_flag(memory, "lo"), can_lock()) << size;
    free_locked(memory, size);
  }
}

TEST(LockedMemory, OverwritesWhatIsFreed) {  // L2
  constexpr std::size_t kSize = 256;
  auto* memory = static_cast<char*>(allocate_locked(kSize));
  std::memset(memory, 'S', kSize);
  free_locked(memory, kSize);
  // The block is on a free list inside a mapping that stays, so reading it is safe; its first bytes link it to the next
  // one.
  EXPECT_EQ(std::count(memory + sizeof(void*), memory + kSize, 'S'), 0);
}

TEST(LockedMemory, GivesABlockOfTheSameClassOutAgain) {
  void* first = allocate_locked(200);
  free_locked(first, 200);
  void* second = allocate_locked(256);
  EXPECT_EQ(first, second);
  free_locked(second, 256);
}

TEST(LockedMemory, AlignsEveryBlockForAnyType) {
  for (const std::size_t size : {1U, 31U, 33U, 64U, 65U, 1000U, 4096U, 4097U, 70'000U}) {
    void* memory = allocate_locked(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 16, 0U) << size;
    std::memset(memory, 1, size);
    free_locked(memory, size);
  }
}

TEST(LockedMemory, NeverOverlapsTwoBlocks) {
  std::mt19937 random(1);
  std::vector<std::pair<char*, std::size_t>> blocks;
  for (int i = 0; i < 2000; ++i) {
    const std::size_t size = 1 + random() % 5000;
    auto* memory = static_cast<char*>(allocate_locked(size));
    std::memset(memory, i & 0x7f, size);
    blocks.emplace_back(memory, size);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto [memory, size] = blocks[i];
    EXPECT_EQ(std::count(memory, memory + size, static_cast<char>(i & 0x7f)), static_cast<std::ptrdiff_t>(size));
    free_locked(memory, size);
  }
}

TEST(LockedMemory, WorksWithoutAnyLockedPages) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_MEMLOCK, &none);
    if (geteuid() == 0 && setuid(65534) != 0) _exit(3);  // root is exempt from the limit
    std::vector<void*> blocks;
    for (int i = 0; i < 100; ++i) {
      blocks.push_back(allocate_locked(4000));
      std::memset(blocks.back(), 1, 4000);
    }
    for (void* block : blocks)
      free_locked(block, 4000);
    void* large = allocate_locked(1 << 20);
    std::memset(large, 1, 1 << 20);
    free_locked(large, 1 << 20);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(LockedMemory, ServesManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 5000; ++i) {
        const std::size_t size = static_cast<std::size_t>(1 + (i * 37 + t) % 600);
        auto* memory = static_cast<char*>(allocate_locked(size));
        std::memset(memory, t + 1, size);
        EXPECT_EQ(std::count(memory, memory + size, static_cast<char>(t + 1)), static_cast<std::ptrdiff_t>(size));
        free_locked(memory, size);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
}

TEST(LockedMemory, RefusesASizeThatCannotBe) {
  EXPECT_THROW((void)allocate_locked(SIZE_MAX - 1), std::bad_alloc);
}

}  // namespace
}  // namespace cordon::base
