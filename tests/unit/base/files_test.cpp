#include "base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace cordon::base {
namespace {

using test::file_content;
using test::TempDir;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

std::size_t count_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

template <class T>
Errc code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Errc::internal : result.error().code;
}

TEST(ReadFile, ReadsUpToItsBoundAndNoFurther) {
  const TempDir dir;
  const std::string content(40'000, 'x');
  const auto path = dir.write("a", content);
  EXPECT_EQ(read_file(path, 40'000).value(), content);
  const auto too_large = read_file(path, 39'999);
  EXPECT_EQ(code_of(too_large), Errc::file_failed);
  EXPECT_NE(too_large.error().context.find("39999"), std::string::npos);
  EXPECT_EQ(read_file(dir.write("empty", ""), 0).value(), "");
}

TEST(ReadFile, SaysWhichFileIsMissing) {
  const TempDir dir;
  const auto missing = read_file(dir / "none", 10);
  EXPECT_EQ(code_of(missing), Errc::file_missing);
  EXPECT_NE(missing.error().context.find((dir / "none").native()), std::string::npos);
}

TEST(ReadFile, RefusesWhatIsNotARegularFile) {
  const TempDir dir;
  EXPECT_EQ(code_of(read_file(dir.path(), 10)), Errc::file_unsafe);
  EXPECT_EQ(code_of(read_file("/dev/zero", 10)), Errc::file_unsafe);
  ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(code_of(read_file(dir / "fifo", 10)), Errc::file_unsafe);  // and does not wait for a writer
}

TEST(ReadFile, FollowsASymlinkOnlyWhenTold_L7) {
  const TempDir dir;
  std::filesystem::create_symlink(dir.write("real", "content"), dir / "link");
  EXPECT_EQ(code_of(read_file(dir / "link", 100)), Errc::file_unsafe);
  EXPECT_EQ(code_of(read_private_file(dir / "link", 100)), Errc::file_unsafe);
  EXPECT_EQ(code_of(check_private_file(dir / "link")), Errc::file_unsafe);
  EXPECT_EQ(read_file(dir / "link", 100, Symlinks::follow).value(), "content");
}

TEST(TrustedFile, MayBeReadByAllAndWrittenByItsOwnerOnly) {
  const TempDir dir;
  const auto path = dir.write("roots.pem", "content", 0644);
  std::filesystem::create_symlink(path, dir / "link");
  EXPECT_EQ(read_trusted_file(dir / "link", 100).value(), "content");
  for (const mode_t mode : {0664U, 0646U, 0666U}) {
    const auto refused = read_trusted_file(dir.write("loose.pem", "content", mode), 100);
    EXPECT_EQ(code_of(refused), Errc::file_unsafe) << mode;
    EXPECT_NE(refused.error().context.find("chmod go-w"), std::string::npos);
  }
}

TEST(PrivateFile, IsReadIntoSecretMemory) {
  const TempDir dir;
  const auto path = dir.write("key", "content");
  EXPECT_TRUE(check_private_file(path));
  EXPECT_EQ(read_private_file(path, 7).value().view(), "content");
  EXPECT_EQ(code_of(read_private_file(path, 6)), Errc::file_failed);
}

TEST(PrivateFile, IsRefusedWhenOthersHaveAnyAccess) {
  const TempDir dir;
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0610U, 0601U, 0644U}) {
    const auto path = dir.write("it's a key", "content", mode);
    const auto refused = read_private_file(path, 100);
    EXPECT_EQ(code_of(refused), Errc::file_unsafe) << mode;
    EXPECT_NE(refused.error().context.find("chmod 600 '" + dir.path().native() + "/it'\\''s a key'"), std::string::npos)
        << refused.error().context;
    EXPECT_EQ(code_of(check_private_file(path)), Errc::file_unsafe) << mode;
  }
}

TEST(PrivateFile, NamesACommandThatMendsIt) {
  const TempDir dir;
  const auto path = dir.write("it's a key", "content", 0644);
  const std::string context = check_private_file(path).error().context;
  ASSERT_EQ(std::system(context.substr(context.find("chmod")).c_str()), 0) << context;  // NOLINT(cert-env33-c)
  EXPECT_TRUE(check_private_file(path));
}

TEST(PrivateFile, MustBeOursOrRoots) {
  struct stat info {};
  info.st_mode = S_IFREG | 0600;
  info.st_uid = ::geteuid() + 1;
  const auto refused = check_private(info, "/some/key");
  EXPECT_EQ(code_of(refused), Errc::file_unsafe);
  EXPECT_NE(refused.error().context.find("chown"), std::string::npos);
  info.st_uid = 0;
  EXPECT_TRUE(check_private(info, "/some/key"));
}

TEST(PrivateFile, MayBeSharedWithAGroupByRootOnly) {
  struct stat info {};
  info.st_uid = 0;
  info.st_mode = S_IFREG | 0440;
  EXPECT_TRUE(check_private(info, "/run/credentials/x", Readers::group_if_root_owned));
  EXPECT_FALSE(check_private(info, "/run/credentials/x"));
  for (const mode_t mode : {0444U, 0460U, 0450U}) {
    info.st_mode = S_IFREG | mode;
    EXPECT_FALSE(check_private(info, "/run/credentials/x", Readers::group_if_root_owned)) << mode;
  }
}

TEST(WriteFileWhole, WritesWithExactlyTheMode) {
  const TempDir dir;
  const mode_t old = ::umask(077);
  EXPECT_TRUE(write_file_whole(dir / "cert", "one", 0644, Overwrite::no).value());
  ::umask(0);
  EXPECT_TRUE(write_file_whole(dir / "key", "two", 0600, Overwrite::no).value());
  ::umask(old);
  EXPECT_EQ(mode_of(dir / "cert"), 0644U);
  EXPECT_EQ(mode_of(dir / "key"), 0600U);
  EXPECT_EQ(file_content(dir / "cert"), "one");
  EXPECT_EQ(count_files(dir.path()), 2U) << "no temporary file is left";
}

TEST(WriteFileWhole, LeavesAFileAloneUnlessToldToReplaceIt) {
  const TempDir dir;
  dir.write("a", "old", 0644);
  EXPECT_FALSE(write_file_whole(dir / "a", "new", 0600, Overwrite::no).value());
  EXPECT_EQ(file_content(dir / "a"), "old");
  EXPECT_TRUE(write_file_whole(dir / "a", "new", 0600, Overwrite::yes).value());
  EXPECT_EQ(file_content(dir / "a"), "new");
  EXPECT_EQ(mode_of(dir / "a"), 0600U);
  EXPECT_EQ(count_files(dir.path()), 1U);
}

TEST(WriteFileWhole, ReplacesASymlinkInsteadOfFollowingIt_L7) {
  const TempDir dir;
  const auto victim = dir.write("victim", "untouched", 0644);
  std::filesystem::create_symlink(victim, dir / "state");
  EXPECT_FALSE(write_file_whole(dir / "state", "new", 0600, Overwrite::no).value());
  EXPECT_TRUE(write_file_whole(dir / "state", "new", 0600, Overwrite::yes).value());
  EXPECT_EQ(file_content(victim), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(dir / "state"));
}

TEST(WriteFileWhole, SaysWhyItFails) {
  const TempDir dir;
  const auto failed = write_file_whole(dir.path() / "none" / "a", "x", 0600, Overwrite::yes);
  EXPECT_EQ(code_of(failed), Errc::file_failed);
  EXPECT_NE(failed.error().context.find("none/a"), std::string::npos);
  ASSERT_TRUE(std::filesystem::create_directory(dir / "folder"));
  EXPECT_EQ(code_of(write_file_whole(dir / "folder", "x", 0600, Overwrite::yes)), Errc::file_failed);
  EXPECT_EQ(count_files(dir.path()), 1U);
}

TEST(WriteFileWhole, LetsOneOfManyCreatorsWin) {
  const TempDir dir;
  std::atomic<int> winners = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      if (write_file_whole(dir / "a", std::to_string(i), 0600, Overwrite::no).value()) ++winners;
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(count_files(dir.path()), 1U);
}

TEST(WriteFileWhole, NeverShowsHalfAFileWhenKilled_T7) {
  const TempDir dir;
  const std::string content(300'000, 'k');
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (;;)
        (void)write_file_whole(dir / "key", content, 0600, Overwrite::yes);
    }
    ::usleep(static_cast<useconds_t>(500 + 700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const std::string seen = file_content(dir / "key");
    EXPECT_TRUE(seen.empty() || seen == content) << seen.size();
    for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
      EXPECT_EQ(mode_of(entry.path()), 0600U);
  }
}

TEST(WriteFileWhole, RemovesWhatKilledWritersLeft) {
  const TempDir dir;
  const auto leftover = dir.write(".key.0123456789abcdef.tmp", "half a key");
  const auto young = dir.write(".key.0123456789abcdee.tmp", "another writer's");
  const auto others = dir.write(".key2.0123456789abcdef.tmp", "of another file");
  for (const auto& path : {leftover, others})
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
  ASSERT_TRUE(write_file_whole(dir / "key", "a key", 0600, Overwrite::yes).value());
  EXPECT_FALSE(std::filesystem::exists(leftover));
  EXPECT_TRUE(std::filesystem::exists(young));
  EXPECT_TRUE(std::filesystem::exists(others));
}

TEST(PrivateFolder, IsMadeWithItsParents) {
  const TempDir dir;
  ASSERT_TRUE(make_private_folder(dir / "a/b/c"));
  for (const char* name : {"a", "a/b", "a/b/c"})
    EXPECT_EQ(mode_of(dir / name), 0700U);
  EXPECT_TRUE(make_private_folder(dir / "a/b/c")) << "once more is fine";
}

TEST(PrivateFolder, IsRefusedWhenOthersCanWrite_L6) {
  const TempDir dir;
  for (const mode_t mode : {0770U, 0720U, 0707U, 0702U, 01777U}) {
    ASSERT_TRUE(make_private_folder(dir / "state"));
    ASSERT_EQ(::chmod((dir / "state").c_str(), mode), 0);
    const auto refused = make_private_folder(dir / "state");
    EXPECT_EQ(code_of(refused), Errc::file_unsafe) << mode;
    EXPECT_NE(refused.error().context.find("chmod 700 " + (dir / "state").native()), std::string::npos);
    ::chmod((dir / "state").c_str(), 0755);
    EXPECT_TRUE(check_private_folder(dir / "state"));
  }
}

TEST(PrivateFolder, IsNeverALinkOrAFile_L7) {
  const TempDir dir;
  ASSERT_TRUE(make_private_folder(dir / "real"));
  std::filesystem::create_symlink(dir / "real", dir / "link");
  EXPECT_EQ(code_of(make_private_folder(dir / "link")), Errc::file_unsafe);
  dir.write("file", "");
  EXPECT_EQ(code_of(make_private_folder(dir / "file")), Errc::file_unsafe);
  EXPECT_EQ(code_of(check_private_folder(dir / "none")), Errc::file_missing);
}

TEST(PrivateFolder, OfAnotherOwnerIsRefused_L6) {
  if (::geteuid() == 0) {
    const TempDir dir;
    ASSERT_TRUE(make_private_folder(dir / "state"));
    ASSERT_EQ(::chown((dir / "state").c_str(), 65534, 65534), 0);
    EXPECT_EQ(code_of(check_private_folder(dir / "state")), Errc::file_unsafe);
  } else {
    EXPECT_EQ(code_of(check_private_folder("/")), Errc::file_unsafe);
  }
}

}  // namespace
}  // namespace cordon::base
