#include "service/search_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace cordon::service {
namespace {

using test::TempDir;
namespace fs = std::filesystem;

fs::path made(const fs::path& path, mode_t mode) {
  fs::create_directories(path);
  EXPECT_EQ(::chmod(path.c_str(), mode), 0);
  return path;
}

TEST(SearchPath, TakesOnlyFoldersThatNobodyElseCanWriteTo) {
  const TempDir dir;
  EXPECT_TRUE(is_safe_folder(made(dir / "own", 0755)));
  EXPECT_FALSE(is_safe_folder(made(dir / "all", 0777)));
  EXPECT_FALSE(is_safe_folder(made(dir / "sticky", 01777)));
  EXPECT_FALSE(is_safe_folder(made(dir / "all/inside", 0755)));
  EXPECT_FALSE(is_safe_folder(dir / "all/not/there"));
  EXPECT_TRUE(is_safe_folder(dir / "own/not/there"));
  EXPECT_FALSE(is_safe_folder("/tmp/not-there-yet/bin"));
  fs::create_directory_symlink(dir / "all", dir / "link");
  EXPECT_FALSE(is_safe_folder(dir / "link"));
}

TEST(SearchPath, TakesAGroupThatIsItsOwnersOnly) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give folders away";
  const TempDir dir;
  made(dir / "group", 0775);
  EXPECT_TRUE(is_safe_folder(dir / "group"));
  ASSERT_EQ(::chown((dir / "group").c_str(), 0, 1), 0);
  EXPECT_FALSE(is_safe_folder(dir / "group"));
  made(dir / "theirs", 0755);
  ASSERT_EQ(::chown((dir / "theirs").c_str(), 1, 1), 0);
  EXPECT_FALSE(is_safe_folder(dir / "theirs"));
}

TEST(SearchPath, KnowsWhatLiesInTheFolderOfAConfig) {
  const TempDir dir;
  const fs::path project = made(dir / "project", 0755);
  const fs::path config = project / "cordon.toml";
  fs::create_directory_symlink(project, dir / "way-in");
  fs::create_directory_symlink("/usr/bin", project / "way-out");
  for (const fs::path& path : {project, project / "bin", dir / "way-in", dir / "way-in/bin", project / "way-out"})
    EXPECT_TRUE(is_beside(config, path)) << path;
  for (const fs::path& path : {dir.path(), dir / "project2", fs::path("/usr/bin"), project / "../other"})
    EXPECT_FALSE(is_beside(config, path)) << path;
}

}  // namespace
}  // namespace cordon::service
