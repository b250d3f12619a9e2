// TokenFile: tokens.toml on the disk.
#include <sys/stat.h>

#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cordon/token_set.hpp>

#include "support/temp_dir.hpp"
#include "tokens/token_value.hpp"

namespace cordon {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> names_in(const TokenFile& file) {
  std::vector<std::string> names;
  const auto list = file.list();
  EXPECT_TRUE(list) << list.error().context;
  for (const TokenInfo& info : list.value_or(std::vector<TokenInfo>()))
    names.push_back(info.name);
  return names;
}

std::string value_in(const TokenFile& file, std::string_view name) {
  const auto value = file.value(name);
  EXPECT_TRUE(value) << value.error().context;
  return value ? std::string(value->reveal()) : std::string();
}

template <class T>
Error error_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Error{} : result.error();
}

TEST(TokenFile, IsMadeWithTheDefaultTokenByCreateAndRotate) {
  const TempDir dir;
  TokenFile created(dir / "state/a/tokens.toml"), rotated(dir / "b/tokens.toml"), all(dir / "c/tokens.toml");
  EXPECT_FALSE(created.exists());
  EXPECT_EQ(error_of(created.list()).code, Errc::file_missing);
  ASSERT_TRUE(created.create("codex", {"stripe"}));
  EXPECT_TRUE(created.exists());
  EXPECT_THAT(names_in(created), ElementsAre("default", "codex"));
  EXPECT_THAT(created.list().value()[1].routes, ElementsAre("stripe"));
  ASSERT_TRUE(rotated.rotate("default"));
  EXPECT_THAT(names_in(rotated), ElementsAre("default"));
  EXPECT_THAT(all.rotate_all().value(), ElementsAre("default"));
  EXPECT_THAT(names_in(all), ElementsAre("default"));
}

TEST(TokenFile, IsPrivateAndSoIsItsFolder) {
  const TempDir dir;
  TokenFile file(dir / "state/tokens.toml");
  const mode_t before = ::umask(0);
  ASSERT_TRUE(file.create("codex", {}));
  ::umask(before);
  struct stat info {};
  ASSERT_EQ(::lstat(file.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  ASSERT_EQ(::lstat((dir / "state").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir / "state"), {}),
            1);  // no lock, no temporary file stays
}

TEST(TokenFile, RotationChangesTheValueAndTimeAndNothingElse) {
  const TempDir dir;
  TokenFile file(dir / "tokens.toml");
  ASSERT_TRUE(file.create("codex", {"stripe"}));
  const std::string codex = value_in(file, "codex"), standard = value_in(file, "default");
  EXPECT_TRUE(tokens::is_token(codex));
  ASSERT_TRUE(file.rotate("codex"));
  EXPECT_NE(value_in(file, "codex"), codex);
  EXPECT_EQ(value_in(file, "default"), standard);
  EXPECT_THAT(file.list().value()[1].routes, ElementsAre("stripe"));
  EXPECT_THAT(file.rotate_all().value(), ElementsAre("default", "codex"));
  EXPECT_NE(value_in(file, "default"), standard);
}

TEST(TokenFile, RevokesAnyTokenButTheDefault) {
  const TempDir dir;
  TokenFile file(dir / "tokens.toml");
  ASSERT_TRUE(file.create("codex", {}));
  EXPECT_EQ(error_of(file.revoke("default")).code, Errc::not_supported);
  ASSERT_TRUE(file.revoke("codex"));
  EXPECT_THAT(names_in(file), ElementsAre("default"));
  EXPECT_EQ(error_of(file.revoke("codex")).code, Errc::token_invalid);
}

TEST(TokenFile, SaysWhyAChangeIsNotMade) {
  const TempDir dir;
  TokenFile file(dir / "state/tokens.toml");
  EXPECT_EQ(error_of(file.revoke("codex")).code, Errc::file_missing);
  EXPECT_EQ(error_of(file.rotate("codex")).code, Errc::file_missing);
  EXPECT_FALSE(std::filesystem::exists(dir / "state"));
  for (const char* name : {"", "a b", "a/b", "x\ny", "cdn_abc"})
    EXPECT_THAT(error_of(file.create(name, {})).context, HasSubstr("a token's name has"));
  EXPECT_THAT(error_of(file.create("codex", {"a\"b"})).context, HasSubstr("cannot be a route's name"));
  EXPECT_FALSE(file.exists());
  ASSERT_TRUE(file.create("codex", {}));
  EXPECT_THAT(error_of(file.create("codex", {})).context, HasSubstr("`codex` already"));
  EXPECT_THAT(error_of(file.create("default", {})).context, HasSubstr("`default` already"));
  EXPECT_THAT(error_of(file.rotate("other")).context, HasSubstr("no token `other`"));
  EXPECT_THAT(error_of(file.value("other")).context, HasSubstr("no token `other`"));
}

TEST(TokenFile, AFaultyFileIsNeitherUsedNorChanged) {
  const TempDir dir;
  const std::string text = "[[tokens]]\nname = 1\n";
  TokenFile file(dir.write("tokens.toml", text));
  EXPECT_THAT(error_of(file.list()).context, HasSubstr("tokens.toml:2: `name` must be"));
  EXPECT_EQ(error_of(file.load()).code, Errc::config_invalid);
  EXPECT_EQ(error_of(file.create("codex", {})).code, Errc::config_invalid);
  EXPECT_EQ(error_of(file.rotate("default")).code, Errc::config_invalid);
  EXPECT_EQ(error_of(file.rotate_all()).code, Errc::config_invalid);
  EXPECT_EQ(test::file_content(file.path()), text);
}

TEST(TokenFile, IsRefusedWhenOthersHaveAnyAccess_K5) {
  const TempDir dir;
  TokenFile file(dir / "tokens.toml");
  ASSERT_TRUE(file.rotate("default"));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0666U}) {
    ::chmod(file.path().c_str(), mode);
    for (const Error& error : {error_of(file.list()), error_of(file.load()), error_of(file.create("codex", {}))}) {
      EXPECT_EQ(error.code, Errc::file_unsafe);
      EXPECT_THAT(error.context, HasSubstr("chmod 600"));
    }
  }
}

TEST(TokenFile, ASymlinkInItsPlaceIsRefused_L7) {
  const TempDir dir;
  TokenFile real(dir / "real.toml");
  ASSERT_TRUE(real.rotate("default"));
  std::filesystem::create_symlink(dir / "real.toml", dir / "tokens.toml");
  const std::string before = test::file_content(dir / "real.toml");
  TokenFile file(dir / "tokens.toml");
  EXPECT_TRUE(file.exists());
  EXPECT_EQ(error_of(file.load()).code, Errc::file_unsafe);
  EXPECT_EQ(error_of(file.rotate("default")).code, Errc::file_unsafe);
  EXPECT_EQ(test::file_content(dir / "real.toml"), before);
  std::filesystem::create_symlink(dir / "nowhere", dir / "dangling.toml");
  EXPECT_TRUE(TokenFile(dir / "dangling.toml").exists());
}

TEST(TokenFile, AFolderThatOthersCanWriteIsRefused_L6) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "state");
  ::chmod((dir / "state").c_str(), 0770);
  TokenFile file(dir / "state/tokens.toml");
  const Error error = error_of(file.rotate("default"));
  EXPECT_EQ(error.code, Errc::file_unsafe);
  EXPECT_THAT(error.context, HasSubstr("chmod 700"));
  EXPECT_FALSE(file.exists());
}

TEST(TokenFile, ChangesAtTheSameTimeAreAllKept) {
  const TempDir dir;
  constexpr int kThreads = 4, kEach = 8;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&dir, i] {
        TokenFile file(dir / "tokens.toml");
        for (int j = 0; j < kEach; ++j)
          EXPECT_TRUE(file.create("t" + std::to_string(i) + "-" + std::to_string(j), {}));
      });
    }
  }
  EXPECT_EQ(names_in(TokenFile(dir / "tokens.toml")).size(), 1U + kThreads * kEach);
}

}  // namespace
}  // namespace cordon
