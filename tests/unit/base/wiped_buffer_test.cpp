#include "base/wiped_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace cordon::base {
namespace {

static_assert(!std::is_copy_constructible_v<WipedBuffer> && !std::is_copy_assignable_v<WipedBuffer>);
static_assert(std::is_nothrow_move_constructible_v<WipedBuffer> && std::is_nothrow_move_assignable_v<WipedBuffer>);

TEST(WipedBuffer, GrowsByAppending) {
  WipedBuffer buffer;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    buffer.append(std::to_string(i));
    buffer.append(',');
    expected += std::to_string(i) + ',';
  }
  EXPECT_EQ(buffer.view(), expected);
  EXPECT_EQ(buffer.bytes().size(), expected.size());
}

TEST(WipedBuffer, CommitsOnlyWhatWasSaid) {
  WipedBuffer buffer;
  buffer.append("ab");
  const MutableBytes room = buffer.prepare(100);
  ASSERT_EQ(room.size(), 100U);
  std::memcpy(room.data(), "cdef", 4);
  buffer.commit(3);
  EXPECT_EQ(buffer.view(), "abcde");
}

TEST(WipedBuffer, OverwritesWhatItHeldWhenCleared) {  // L2
  WipedBuffer buffer;
  buffer.append("secret");
  std::memcpy(buffer.prepare(6).data(), "SECRET", 6);  // written, never committed
  const char* bytes = buffer.view().data();
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(std::count(bytes, bytes + 12, '\0'), 12);
  buffer.append("x");
  EXPECT_EQ(buffer.view().data(), bytes) << "the memory stays";
}

TEST(WipedBuffer, OverwritesTheOldMemoryWhenItGrows) {  // L2
  WipedBuffer buffer;
  buffer.append("0123456789abcdef0123456789");
  const char* old = buffer.view().data();
  buffer.reserve(2000);
  EXPECT_EQ(buffer.view(), "0123456789abcdef0123456789");
  // The first bytes of a freed block link it to the next free one.
  EXPECT_EQ(std::count(old + sizeof(void*), old + 26, '\0'), 26 - static_cast<int>(sizeof(void*)));
}

TEST(WipedBuffer, MovesItsMemory) {
  WipedBuffer first;
  first.append("one");
  WipedBuffer second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  first.append("two");
  second = std::move(first);
  EXPECT_EQ(second.view(), "two");
  WipedBuffer& same = second;
  second = std::move(same);
  EXPECT_EQ(second.view(), "two");
}

TEST(WipedBuffer, WorksAgainAfterRelease) {
  WipedBuffer buffer;
  buffer.append("one");
  buffer.release();
  EXPECT_TRUE(buffer.empty());
  buffer.append("two");
  EXPECT_EQ(buffer.view(), "two");
}

TEST(WipedBuffer, HoldsNothingAfterAnEmptyAppend) {
  WipedBuffer buffer;
  buffer.append("");
  buffer.clear();
  EXPECT_TRUE(buffer.empty());
}

}  // namespace
}  // namespace cordon::base
