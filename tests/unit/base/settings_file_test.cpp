#include <cordon/settings_file.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using test::file_content;
using test::TempDir;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

TEST(SettingsFile, IsReadWithItsMode) {
  const TempDir dir;
  dir.write("a", "text", 0640);
  const auto file = read_settings_file(dir / "a", LinkedSettings::refuse);
  ASSERT_TRUE(file) << file.error().context;
  EXPECT_EQ(file->text, "text");
  EXPECT_EQ(file->mode, 0640U);
  EXPECT_EQ(file->path, dir / "a");
}

TEST(SettingsFile, MayBeMissing) {
  const TempDir dir;
  for (const char* name : {"a", "b/c"}) {
    const auto file = read_settings_file(dir / name, LinkedSettings::follow);
    ASSERT_TRUE(file) << file.error().context;
    EXPECT_FALSE(file->text);
    EXPECT_EQ(file->mode, 0644U);
  }
}

TEST(SettingsFile, IsFoundBehindALinkOnlyWhereThatIsAllowed) {  // L7
  const TempDir dir;
  dir.write("real", "text");
  std::filesystem::create_symlink("real", dir / "link");
  EXPECT_EQ(read_settings_file(dir / "link", LinkedSettings::refuse).error().code, Errc::file_unsafe);
  const auto file = read_settings_file(dir / "link", LinkedSettings::follow);
  ASSERT_TRUE(file) << file.error().context;
  EXPECT_EQ(file->path, std::filesystem::canonical(dir / "real"));
  EXPECT_EQ(file->text, "text");
}

TEST(SettingsFile, RefusesLinksToNothingFoldersAndLargeFiles) {
  const TempDir dir;
  std::filesystem::create_symlink("nothing", dir / "link");
  EXPECT_EQ(read_settings_file(dir / "link", LinkedSettings::follow).error().code, Errc::file_unsafe);
  EXPECT_EQ(read_settings_file(dir.path(), LinkedSettings::follow).error().code, Errc::file_unsafe);
  dir.write("large", std::string((4U << 20U) + 1, 'x'));
  EXPECT_EQ(read_settings_file(dir / "large", LinkedSettings::follow).error().code, Errc::file_failed);
}

TEST(SettingsFile, RefusesAnotherUsersFileAndLink) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TempDir dir;
  dir.write("theirs", "text");
  dir.write("ours", "text");
  ASSERT_EQ(::chown((dir / "theirs").c_str(), 1, 1), 0);
  EXPECT_EQ(read_settings_file(dir / "theirs", LinkedSettings::follow).error().code, Errc::file_unsafe);
  std::filesystem::create_symlink("ours", dir / "link");
  ASSERT_EQ(::lchown((dir / "link").c_str(), 1, 1), 0);
  EXPECT_EQ(read_settings_file(dir / "link", LinkedSettings::follow).error().code, Errc::file_unsafe);
}

TEST(SettingsFile, IsWrittenWholeWithItsMode) {
  const TempDir dir;
  dir.write("a", "before", 0644);
  ASSERT_TRUE(write_settings_file(dir / "a", "after", 0600));
  EXPECT_EQ(file_content(dir / "a"), "after");
  EXPECT_EQ(mode_of(dir / "a"), 0600U);
  EXPECT_FALSE(write_settings_file(dir / "no/a", "x", 0600));
}

TEST(SettingsFile, IsCreatedOnlyWhereNothingIs) {
  const TempDir dir;
  EXPECT_EQ(create_settings_file(dir / "a", "first", 0640), true);
  EXPECT_EQ(create_settings_file(dir / "a", "second", 0600), false);
  EXPECT_EQ(file_content(dir / "a"), "first");
  EXPECT_EQ(mode_of(dir / "a"), 0640U);
  std::filesystem::create_symlink("nothing", dir / "link");
  EXPECT_EQ(create_settings_file(dir / "link", "x", 0600), false);
  EXPECT_FALSE(std::filesystem::exists(dir / "nothing"));
}

}  // namespace
}  // namespace cordon
