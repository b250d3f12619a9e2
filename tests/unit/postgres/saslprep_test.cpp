#include "postgres/saslprep.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordon::postgres {
namespace {

using namespace std::literals;

std::string prepared(std::string_view password) {
  return std::string(saslprep(password).view());
}

// RFC 4013, section 3. PostgreSQL uses what is prohibited as it is.
TEST(PostgresSaslprep, FollowsTheExamplesOfTheRfc) {
  EXPECT_EQ(prepared("I\xc2\xadX"), "IX") << "SOFT HYPHEN is mapped to nothing";
  EXPECT_EQ(prepared("user"), "user");
  EXPECT_EQ(prepared("USER"), "USER") << "case is preserved";
  EXPECT_EQ(prepared("\xc2\xaa"), "a") << "NFKC";
  EXPECT_EQ(prepared("\xe2\x85\xa8"), "IX") << "NFKC";
  EXPECT_EQ(prepared("\x07"), "\x07") << "prohibited";
  EXPECT_EQ(prepared("\xd8\xa7\x31"), "\xd8\xa7\x31") << "prohibited: bidirectional";
}

TEST(PostgresSaslprep, LeavesAsciiAlone) {
  std::string all;
  for (char c = 1; c > 0; ++c) {
    all += c;
    if (c == '\x7f') break;
  }
  EXPECT_EQ(all.size(), 127U);
  EXPECT_EQ(prepared(all), all);
  EXPECT_EQ(prepared(""), "");
}

TEST(PostgresSaslprep, MapsOtherSpacesToSpace) {
  EXPECT_EQ(prepared("a\xc2\xa0"
                     "b"),
            "a b");
  EXPECT_EQ(prepared("a\xe3\x80\x80"
                     "b"),
            "a b");
}

TEST(PostgresSaslprep, Composes) {
  EXPECT_EQ(prepared("pa\xcc\x88ss"), "p\xc3\xa4ss");
  EXPECT_EQ(prepared("p\xc3\xa4ss"), "p\xc3\xa4ss");
  EXPECT_EQ(prepared("\xf0\x9d\x95\x8f\xc3\xa9"), "X\xc3\xa9") << "beyond the first plane";
}

TEST(PostgresSaslprep, UsesWhatIsNotUtf8AsItIs) {
  for (const std::string_view password :
       {"caf\xe9"sv, "\xc3"sv, "\xc0\xaf"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv, "\xc2\xad\xff"sv}) {
    EXPECT_EQ(prepared(password), password);
  }
}

TEST(PostgresSaslprep, UsesWhatIsProhibitedAsItIs) {
  EXPECT_EQ(prepared("\xc3\xa9\x07"), "\xc3\xa9\x07") << "a control character";
  EXPECT_EQ(prepared("\xee\x80\x80"), "\xee\x80\x80") << "private use";
  EXPECT_EQ(prepared("\xf0\x9f\x94\x91"), "\xf0\x9f\x94\x91") << "not assigned in Unicode 3.2";
}

// As seen with a server of version 15: what is prohibited is looked for before the normalization.
TEST(PostgresSaslprep, ChecksAsPostgreSqlDoes) {
  EXPECT_EQ(prepared("a\xcd\x80"), "a\xcd\x80") << "U+0340, which becomes U+0300";
  EXPECT_EQ(prepared("\xc3\xa9\xc2\xa8"), "\xc3\xa9 \xcc\x88") << "U+00A8";
  EXPECT_EQ(prepared("\xf0\x9f\x84\xab\xc3\xa9"), "\xf0\x9f\x84\xab\xc3\xa9") << "U+1F12B, not in Unicode 3.2";
  EXPECT_EQ(prepared("\xd8\xa7\xe2\x80\x8b\xd8\xa8"), "\xd8\xa7 \xd8\xa8") << "U+200B, a space and nothing";
  EXPECT_EQ(prepared("\xd7\x90\xef\xbc\x91"), "\xd7\x90\xef\xbc\x91") << "bidirectional";
}

TEST(PostgresSaslprep, NeverMakesAnEmptyPassword) {
  EXPECT_EQ(prepared("\xc2\xad"), "\xc2\xad");
}

// U+FDFA becomes 18 characters, 33 bytes.
TEST(PostgresSaslprep, HasRoomForWhatGrows) {
  std::string password;
  for (int i = 0; i < 100; ++i)
    password += "\xef\xb7\xba";
  EXPECT_EQ(prepared(password).size(), 100U * 33);
}

}  // namespace
}  // namespace cordon::postgres
