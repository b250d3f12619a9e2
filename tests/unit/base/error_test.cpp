#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <cordon/error.hpp>
#include <cordon/version.hpp>

namespace cordon {
namespace {

constexpr int kCodes = static_cast<int>(Errc::internal) + 1;

TEST(Error, NamesEveryCodeInLowerCase) {
  std::set<std::string_view> names;
  for (int i = 0; i < kCodes; ++i) {
    const std::string_view word = name(static_cast<Errc>(i));
    EXPECT_FALSE(word.empty());
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string_view::npos) << word;
    names.insert(word);
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kCodes - 1)) << "only target_too_long shares a name";
}

TEST(Error, KeepsTheNamesThatClientsSee) {
  EXPECT_EQ(name(Errc::bad_request), "bad_request");
  EXPECT_EQ(name(Errc::target_too_long), "head_too_large");
  EXPECT_EQ(name(Errc::secret_unavailable), "secret_unavailable");
  EXPECT_EQ(name(Errc::internal), "internal");
}

TEST(Error, ExplainsEveryCodeInOneSentence) {
  for (int i = 0; i < kCodes; ++i) {
    const std::string_view text = sentence(static_cast<Errc>(i));
    ASSERT_FALSE(text.empty());
    EXPECT_TRUE(text.front() >= 'A' && text.front() <= 'Z') << text;
    EXPECT_NE(text.back(), '.') << text;
  }
}

TEST(Error, SpeaksByItsContextElseByItsSentence) {
  EXPECT_EQ((Error{Errc::file_missing, "/a/b does not exist"}.message()), "/a/b does not exist");
  EXPECT_EQ((Error{Errc::file_missing, {}}.message()), sentence(Errc::file_missing));
}

TEST(Error, TakesACodeOutsideTheListForABug) {
  EXPECT_EQ(name(static_cast<Errc>(250)), "internal");
}

TEST(Version, HasThreeParts) {
  EXPECT_EQ(std::ranges::count(version(), '.'), 2);
  EXPECT_EQ(version().find_first_not_of("0123456789."), std::string_view::npos);
}

}  // namespace
}  // namespace cordon
