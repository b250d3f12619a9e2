// New values that clients are told of before tokens.toml has them.
#include <cordon/token_rotation.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cordon/token_set.hpp>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using test::TempDir;
using testing::ElementsAre;

std::string value_in(const std::filesystem::path& path, std::string_view name) {
  const auto value = TokenFile(path).value(name);
  return value ? std::string(value->reveal()) : std::string();
}

TEST(TokenRotation, TellsTheValueBeforeTheFileHasIt) {
  const TempDir dir;
  const auto path = dir / "state/tokens.toml";
  ASSERT_TRUE(TokenFile(path).create("codex", {}));
  const std::string before = value_in(path, "codex");
  std::string told;
  const auto rotated = rotate_token(path, "codex", [&](std::string_view name, const Secret& value) -> Result<> {
    EXPECT_EQ(name, "codex");
    EXPECT_EQ(value_in(path, "codex"), before);
    told = value.reveal();
    return {};
  });
  ASSERT_TRUE(rotated) << rotated.error().context;
  EXPECT_NE(told, before);
  EXPECT_EQ(value_in(path, "codex"), told);
}

TEST(TokenRotation, LeavesTheFileWhenTheClientCannotBeTold) {
  const TempDir dir;
  const auto path = dir / "state/tokens.toml";
  ASSERT_TRUE(TokenFile(path).create("codex", {}));
  const std::string before = test::file_content(path);
  const TokenAnnouncement refuse = [](std::string_view name, const Secret& /*value*/) -> Result<> {
    return name == "codex" ? fail(Errc::file_failed, "no room") : Result<>();
  };
  EXPECT_EQ(rotate_token(path, "codex", refuse).error().context, "no room");
  EXPECT_EQ(rotate_all_tokens(path, refuse).error().context, "no room");
  EXPECT_EQ(test::file_content(path), before);
}

TEST(TokenRotation, TellsOfEachToken) {
  const TempDir dir;
  const auto path = dir / "state/tokens.toml";
  ASSERT_TRUE(TokenFile(path).create("codex", {}));
  std::vector<std::string> told;
  const auto names = rotate_all_tokens(path, [&](std::string_view name, const Secret& /*value*/) -> Result<> {
    told.emplace_back(name);
    return {};
  });
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("default", "codex"));
  EXPECT_EQ(told, *names);
}

}  // namespace
}  // namespace cordon
