// ConfigEdit and its file: written whole, as the same file to everyone else, and never over what it did not read.
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/config_edit.hpp>

#include "support/temp_dir.hpp"
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using test::file_content;
using test::TempDir;
using ::testing::HasSubstr;

struct stat stat_of(const std::filesystem::path& path) {
  struct stat info {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info;
}

std::size_t files_in(const TempDir& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

ConfigEdit open_at(const std::filesystem::path& path) {
  auto edit = ConfigEdit::open(path);
  EXPECT_TRUE(edit) << edit.error().message();
  return *std::move(edit);
}

std::string message_of(const Result<>& result) {
  return result ? "" : result.error().message();
}

TEST(EditFile, IsWrittenWithTheModeThatItHad) {
  const TempDir folder;
  for (const mode_t mode : {0600U, 0644U, 0640U}) {
    const auto file = folder.write("cordon.toml", "listen = 1 # x\n", mode);
    ConfigEdit edit = open_at(file);
    ASSERT_TRUE(edit.set("listen", std::int64_t{2}));
    EXPECT_EQ(message_of(edit.save()), "");
    EXPECT_EQ(file_content(file), "listen = 2 # x\n");
    EXPECT_EQ(stat_of(file).st_mode & 07777U, mode);
  }
  EXPECT_EQ(files_in(folder), 1U);
}

TEST(EditFile, KeepsItsGroup) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file to another group";
  const TempDir folder;
  const auto file = folder.write("cordon.toml", "listen = 1\n", 0640);
  ASSERT_EQ(::chown(file.c_str(), 0, 12345), 0);
  ConfigEdit edit = open_at(file);
  ASSERT_TRUE(edit.set("listen", std::int64_t{2}));
  EXPECT_EQ(message_of(edit.save()), "");
  EXPECT_EQ(stat_of(file).st_gid, 12345U);
  EXPECT_EQ(stat_of(file).st_mode & 07777U, 0640U);
}

TEST(EditFile, IsTheOneThatALinkLeadsTo) {
  const TempDir folder;
  const auto file = folder.write("real.toml", "listen = 1\n");
  const auto link = folder / "cordon.toml";
  std::filesystem::create_symlink("real.toml", link);
  ConfigEdit edit = open_at(link);
  ASSERT_TRUE(edit.set("listen", std::int64_t{2}));
  EXPECT_EQ(message_of(edit.save()), "");
  EXPECT_TRUE(S_ISLNK(stat_of(link).st_mode));
  EXPECT_EQ(file_content(file), "listen = 2\n");
}

TEST(EditFile, IsNotWrittenOverSomeoneElsesChange) {
  const TempDir folder;
  const auto file = folder.write("cordon.toml", "listen = 1\n");
  ConfigEdit edit = open_at(file);
  ASSERT_TRUE(edit.set("listen", std::int64_t{2}));
  folder.write("cordon.toml", "listen = 3\n");
  EXPECT_THAT(message_of(edit.save()), HasSubstr("was changed by someone else meanwhile"));
  EXPECT_EQ(file_content(file), "listen = 3\n");
  std::filesystem::remove(file);
  EXPECT_THAT(message_of(edit.save()), HasSubstr("is gone"));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(EditFile, IsNotWrittenWhenItWouldBeFaulty) {
  const TempDir folder;
  const auto file = folder.write("cordon.toml", "listen = 1\n");
  ConfigEdit edit = open_at(file);
  ASSERT_TRUE(edit.set("lisen", std::int64_t{2}));
  ASSERT_FALSE(edit.check());
  EXPECT_THAT(message_of(edit.save()), HasSubstr("lisen: unknown key"));
  EXPECT_EQ(file_content(file), "listen = 1\n");
}

TEST(EditFile, IsNotWrittenWhenNothingChanged) {
  const TempDir folder;
  const auto file = folder.write("cordon.toml", "listen = 1\n");
  const auto before = stat_of(file);
  ConfigEdit edit = open_at(file);
  EXPECT_EQ(message_of(edit.save()), "");
  EXPECT_EQ(stat_of(file).st_ino, before.st_ino);
}

TEST(EditFile, CanBeSavedAgain) {
  const TempDir folder;
  const auto file = folder.write("cordon.toml", "listen = 1\n");
  ConfigEdit edit = open_at(file);
  for (const std::int64_t port : {2, 3}) {
    ASSERT_TRUE(edit.set("listen", port));
    EXPECT_EQ(message_of(edit.save()), "");
    EXPECT_EQ(file_content(file), "listen = " + std::to_string(port) + "\n");
  }
}

TEST(EditFile, IsMadeWithItsFolder) {
  const TempDir folder;
  const auto file = folder / "cordon/cordon.toml";
  auto edit = ConfigEdit::create(file, "listen = 1\n");
  ASSERT_TRUE(edit);
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_EQ(message_of(edit->save()), "");
  EXPECT_EQ(file_content(file), "listen = 1\n");
  EXPECT_EQ(stat_of(file).st_mode & 07777U, 0644U);
  EXPECT_EQ(stat_of(file.parent_path()).st_mode & 07777U, 0700U);
}

TEST(EditFile, IsNotMadeOverOneThatCameMeanwhile) {
  const TempDir folder;
  auto edit = ConfigEdit::create(folder / "cordon.toml", "listen = 1\n");
  ASSERT_TRUE(edit);
  const auto file = folder.write("cordon.toml", "listen = 3\n");
  EXPECT_THAT(message_of(edit->save()), HasSubstr("is there now"));
  EXPECT_EQ(file_content(file), "listen = 3\n");
}

TEST(EditFile, IsRefusedWhereAStartWouldRefuseIt) {  // L6
  const TempDir folder;
  const auto missing = ConfigEdit::open(folder / "cordon.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::file_missing);
  const auto open_to_all = ConfigEdit::open(folder.write("cordon.toml", "listen = 1\n", 0666));
  ASSERT_FALSE(open_to_all);
  EXPECT_THAT(open_to_all.error().message(), HasSubstr("can be changed by everybody"));
}

}  // namespace
}  // namespace cordon::config
