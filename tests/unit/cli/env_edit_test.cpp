#include "integrations/env_edit.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cordon::cli {
namespace {

TEST(EnvEdit, AddsALineAtTheEnd) {
  EXPECT_EQ(put_env("", "A", "1").value(), "A=1\n");
  EXPECT_EQ(put_env("# mine\nB=2", "A", "1").value(), "# mine\nB=2\nA=1\n");
  EXPECT_EQ(put_env("B=2\r\n", "A", "x y").value(), "B=2\r\nA='x y'\r\n");
}

TEST(EnvEdit, ReplacesOnlyTheValue) {
  EXPECT_EQ(put_env("A=1\n export A = \"2 # not\" # why\nAB=3\n", "A", "new").value(),
            "A=1\n export A = new # why\nAB=3\n");
  EXPECT_EQ(put_env("A='one\nB=two' # end\nB=3\n", "A", "x").value(), "A=x # end\nB=3\n");
  EXPECT_EQ(put_env("A=\nB=1\n", "A", "x").value(), "A=x\nB=1\n");
  EXPECT_EQ(put_env("A= # none\n", "A", "x").value(), "A= x # none\n");
}

TEST(EnvEdit, FindsWhatTheLastLineMeans) {
  constexpr std::string_view kText =
      "\xef\xbb\xbf"
      "A=first\n#A=no\nA=b c # d\nQ=\"x\\n\\\"y\\\"\"\nS='it\\'s $HOME'\nM=\"a\nA=z\"\nE=\n";
  EXPECT_EQ(find_env(kText, "A"), "b c");
  EXPECT_EQ(find_env(kText, "Q"), "x\n\"y\"");
  EXPECT_EQ(find_env(kText, "S"), "it's $HOME");
  EXPECT_EQ(find_env(kText, "M"), "a\nA=z");
  EXPECT_EQ(find_env(kText, "E"), "");
  EXPECT_FALSE(find_env(kText, "HOME"));
}

TEST(EnvEdit, GivesBackTheBytesThatItChanged) {
  constexpr std::array<std::string_view, 5> kTexts = {"", "B=1\n", "# c\r\n\r\nB=1\r\n", "B=\"open\nC=2\n",
                                                      "\n\n=x\nnonsense\n"};
  for (const std::string_view text : kTexts) {
    const std::string put = put_env(text, "A", "1").value();
    EXPECT_EQ(find_env(put, "A"), "1");
    EXPECT_EQ(put_env(put, "A", "1").value(), put);
    EXPECT_EQ(erase_env(put, "A"), text);
  }
  EXPECT_EQ(erase_env("A=1\nB=2\n", "B"), "A=1\n");
  EXPECT_EQ(erase_env("A=1\nB=2", "C"), "A=1\nB=2");
}

TEST(EnvEdit, RefusesWhatReadersTakeDifferently) {
  for (const std::string_view value : {"it's", "a\\b", "a\nb"}) {
    const auto put = put_env("", "NAME", value);
    ASSERT_FALSE(put);
    EXPECT_TRUE(put.error().context.starts_with("NAME has ")) << put.error().context;
  }
}

}  // namespace
}  // namespace cordon::cli
