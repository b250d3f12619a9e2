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
  const auto file = read_settings_file({dir / "a", dir.path()});
  ASSERT_TRUE(file) << file.error().context;
  EXPECT_EQ(file->text, "text");
  EXPECT_EQ(file->mode, 0640U);
  EXPECT_EQ(file->path, dir / "a");
}

TEST(SettingsFile, MayBeMissing) {
  const TempDir dir;
  for (const char* name : {"a", "b/c"}) {
    const auto file = read_settings_file({dir / name});
    ASSERT_TRUE(file) << file.error().context;
    EXPECT_FALSE(file->text);
    EXPECT_EQ(file->mode, 0644U);
  }
}

TEST(SettingsFile, IsFoundBehindALinkOnlyWhereThatIsAllowed) {  // L7
  const TempDir dir;
  dir.write("real", "text");
  std::filesystem::create_symlink("real", dir / "link");
  EXPECT_EQ(read_settings_file({dir / "link", dir.path()}).error().code, Errc::file_unsafe);
  const auto file = read_settings_file({dir / "link"});
  ASSERT_TRUE(file) << file.error().context;
  EXPECT_EQ(file->path, std::filesystem::canonical(dir / "real"));
  EXPECT_EQ(file->text, "text");
}

TEST(SettingsFile, RefusesLinksToNothingFoldersAndLargeFiles) {
  const TempDir dir;
  std::filesystem::create_symlink("nothing", dir / "link");
  EXPECT_EQ(read_settings_file({dir / "link"}).error().code, Errc::file_unsafe);
  EXPECT_EQ(read_settings_file({dir.path()}).error().code, Errc::file_unsafe);
  dir.write("large", std::string((4U << 20U) + 1, 'x'));
  EXPECT_EQ(read_settings_file({dir / "large"}).error().code, Errc::file_failed);
}

TEST(SettingsFile, RefusesAnotherUsersFileAndLink) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const TempDir dir;
  dir.write("theirs", "text");
  dir.write("ours", "text");
  ASSERT_EQ(::chown((dir / "theirs").c_str(), 1, 1), 0);
  EXPECT_EQ(read_settings_file({dir / "theirs"}).error().code, Errc::file_unsafe);
  std::filesystem::create_symlink("ours", dir / "link");
  ASSERT_EQ(::lchown((dir / "link").c_str(), 1, 1), 0);
  EXPECT_EQ(read_settings_file({dir / "link"}).error().code, Errc::file_unsafe);
}

TEST(SettingsFile, IsReachedThroughNoLinkBelowTheFolder) {  // L7
  const TempDir dir, other;
  other.write("a", "theirs");
  std::filesystem::create_directories(dir / "real/deep");
  std::filesystem::create_symlink(other.path(), dir / "link");
  std::filesystem::create_symlink(other.path(), dir / "real/deep/link");
  for (const char* name : {"link/a", "real/deep/link/a"}) {
    const SettingsPlace place{dir / name, dir.path()};
    EXPECT_EQ(read_settings_file(place).error().code, Errc::file_unsafe);
    EXPECT_EQ(write_settings_file(place, "ours", 0600).error().code, Errc::file_unsafe);
    EXPECT_EQ(create_settings_file({dir / name / "b", dir.path()}, "ours", 0600).error().code, Errc::file_unsafe);
    EXPECT_EQ(remove_settings_file(place).error().code, Errc::file_unsafe);
    EXPECT_EQ(make_settings_folder({place.path.parent_path() / "made", dir.path()}).error().code, Errc::file_unsafe);
  }
  EXPECT_EQ(file_content(other / "a"), "theirs");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(other.path()), {}), 1);
}

TEST(SettingsFile, LiesBelowTheFolder) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "a");
  dir.write("b", "text");
  for (const char* name : {"a/../b", "b", "a"})
    EXPECT_EQ(read_settings_file({dir / name, dir / "a"}).error().code, Errc::file_unsafe) << name;
}

TEST(SettingsFile, MayBeInAFolderThatIsALinkItself) {
  const TempDir dir;
  std::filesystem::create_directory(dir / "real");
  dir.write("real/a", "text");
  std::filesystem::create_directory_symlink(dir / "real", dir / "link");
  EXPECT_EQ(read_settings_file({dir / "link/a", dir / "link"})->text, "text");
  const auto followed = read_settings_file({dir / "link/a"});
  EXPECT_EQ(followed->path, std::filesystem::canonical(dir / "real/a"));
  EXPECT_EQ(read_settings_file({dir / "link/none"})->path, std::filesystem::canonical(dir / "real") / "none");
}

TEST(SettingsFile, IsRemovedAndItsEmptyFolderToo) {
  const TempDir dir;
  EXPECT_EQ(make_settings_folder({dir / "a", dir.path()}), true);
  EXPECT_EQ(make_settings_folder({dir / "a", dir.path()}), false);
  const SettingsPlace place{dir / "a/b", dir.path()};
  ASSERT_TRUE(write_settings_file(place, "text", 0600));
  remove_empty_settings_folder({dir / "a", dir.path()});
  EXPECT_EQ(file_content(place.path), "text");
  EXPECT_TRUE(remove_settings_file(place));
  EXPECT_TRUE(remove_settings_file(place));
  remove_empty_settings_folder({dir / "a", dir.path()});
  EXPECT_FALSE(std::filesystem::exists(dir / "a"));
}

TEST(SettingsFile, IsWrittenWholeWithItsMode) {
  const TempDir dir;
  dir.write("a", "before", 0644);
  ASSERT_TRUE(write_settings_file({dir / "a"}, "after", 0600));
  EXPECT_EQ(file_content(dir / "a"), "after");
  EXPECT_EQ(mode_of(dir / "a"), 0600U);
  EXPECT_FALSE(write_settings_file({dir / "no/a"}, "x", 0600));
}

TEST(SettingsFile, IsCreatedOnlyWhereNothingIs) {
  const TempDir dir;
  EXPECT_EQ(create_settings_file({dir / "a"}, "first", 0640), true);
  EXPECT_EQ(create_settings_file({dir / "a"}, "second", 0600), false);
  EXPECT_EQ(file_content(dir / "a"), "first");
  EXPECT_EQ(mode_of(dir / "a"), 0640U);
  std::filesystem::create_symlink("nothing", dir / "link");
  EXPECT_EQ(create_settings_file({dir / "link"}, "x", 0600), false);
  EXPECT_FALSE(std::filesystem::exists(dir / "nothing"));
}

}  // namespace
}  // namespace cordon
