#include <cordon/secret.hpp>

#include <algorithm>
#include <concepts>
#include <cstring>
#include <ostream>
#include <type_traits>
#include <utility>

#include <fmt/core.h>
#include <fmt/ostream.h>
#include <gtest/gtest.h>

namespace cordon {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

// What a log call must not compile with.
static_assert(!std::copy_constructible<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(!Streamable<Secret>);
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::convertible_to<Secret, std::string_view>);
static_assert(!std::convertible_to<Secret, bool>);
static_assert(!std::convertible_to<std::string_view, Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret> && std::is_nothrow_move_assignable_v<Secret>);
// The same questions have the other answer where they should.
static_assert(Streamable<std::string_view> && fmt::is_formattable<std::string_view>::value);

TEST(Secret, HoldsACopyOfItsBytes) {
  char text[] = "hunter2\0x";
  const Secret secret{std::string_view(text, 9)};
  std::memset(text, 0, sizeof text);
  EXPECT_EQ(secret.reveal(), std::string_view("hunter2\0x", 9));
  EXPECT_EQ(secret.size(), 9U);
  EXPECT_FALSE(secret.empty());
}

TEST(Secret, IsEmptyWithoutBytes) {
  EXPECT_TRUE(Secret().empty());
  EXPECT_TRUE(Secret("").empty());
  EXPECT_EQ(Secret("").reveal(), "");
}

TEST(Secret, LeavesNothingBehindWhenMoved) {
  Secret first("one");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.reveal(), "one");

  Secret third("three");
  third = std::move(second);
  EXPECT_EQ(third.reveal(), "one");
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, SurvivesBeingMovedToItself) {
  Secret secret("one");
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_EQ(secret.reveal(), "one");
}

TEST(Secret, ClonesIntoItsOwnMemory) {
  const Secret first("one");
  const Secret second = first.clone();
  EXPECT_EQ(second.reveal(), "one");
  EXPECT_NE(first.reveal().data(), second.reveal().data());
}

TEST(Secret, IsOverwrittenAtItsEnd) {  // L2
  const char* bytes = nullptr;
  {
    const Secret secret("a canary of twenty-seven b.");
    bytes = secret.reveal().data();
  }
  // Small secrets lie in a mapping that stays, so looking at the freed block is safe; its first bytes link it to the
  // next one.
  EXPECT_EQ(std::count(bytes + sizeof(void*), bytes + 27, '\0'), 27 - static_cast<int>(sizeof(void*)));
}

}  // namespace
}  // namespace cordon
