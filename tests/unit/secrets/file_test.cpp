#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/inotify.h>
#endif

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cordon/secret_store.hpp>

#include "base/unique_fd.hpp"
#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using test::TempDir;
using namespace std::chrono_literals;

class FileSecret : public testing::Test {
 protected:
  Result<Secret> fetch(const std::filesystem::path& path) const { return store_.fetch(FileRef{path}, 1s); }

  std::string value(const std::filesystem::path& path) const {
    const auto secret = fetch(path);
    return secret ? std::string(secret->reveal()) : "error: " + secret.error().message();
  }

  // Long enough ago for the file to be remembered.
  static void settle() { std::this_thread::sleep_for(1100ms); }

  SecretStore store_ = SecretStore::create({}, {});
  TempDir dir_;
};

TEST_F(FileSecret, IsTheContentOfAPrivateFile) {
  const auto path = dir_.write("key", "value\n");
  EXPECT_EQ(value(path), "value");
  EXPECT_EQ(store_.cost(FileRef{path}), FetchCost::immediate);
}

TEST_F(FileSecret, IsReadAgainWhenItChanges) {
  const auto path = dir_.write("key", "first");
  EXPECT_EQ(value(path), "first");
  dir_.write("key", "other");  // at once, and of the same size
  EXPECT_EQ(value(path), "other");
  settle();
  EXPECT_EQ(value(path), "other");
  EXPECT_EQ(value(path), "other");  // from memory now
  dir_.write("key", "third");
  EXPECT_EQ(value(path), "third");
  settle();
  EXPECT_EQ(value(path), "third");
  std::filesystem::rename(dir_.write("new", "fourth"), path);  // how mounts and editors replace files
  EXPECT_EQ(value(path), "fourth");
}

#ifdef __linux__
TEST_F(FileSecret, IsNotOpenedAgainWhileUnchanged) {
  const auto path = dir_.write("key", "value");
  settle();
  const base::UniqueFd watch(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  ASSERT_GE(::inotify_add_watch(watch.get(), path.c_str(), IN_OPEN), 0);
  std::array<char, 4096> events{};
  EXPECT_EQ(value(path), "value");
  EXPECT_EQ(::read(watch.get(), events.data(), events.size()), static_cast<ssize_t>(sizeof(inotify_event)));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(value(path), "value");
  EXPECT_EQ(::read(watch.get(), events.data(), events.size()), -1) << "it was opened again";
}
#endif

TEST_F(FileSecret, IsRefusedAsSoonAsOthersCanReadIt_F1) {
  const auto path = dir_.write("key", "canary");
  settle();
  EXPECT_EQ(value(path), "canary");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  const auto refused = fetch(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::file_unsafe);
  EXPECT_NE(refused.error().context.find("chmod 600 " + path.native()), std::string::npos);
  EXPECT_EQ(refused.error().context.find("canary"), std::string::npos);
}

TEST_F(FileSecret, IsGoneWhenTheFileIs_F1) {
  const auto path = dir_.write("key", "value");
  settle();
  EXPECT_EQ(value(path), "value");
  std::filesystem::remove(path);
  EXPECT_EQ(fetch(path).error().code, Errc::secret_missing);
}

TEST_F(FileSecret, MayLieBehindALink) {
  const auto first = dir_.write("first", "one");
  const auto second = dir_.write("second", "two");
  std::filesystem::create_symlink(first, dir_ / "link");
  EXPECT_EQ(value(dir_ / "link"), "one");
  settle();
  EXPECT_EQ(value(dir_ / "link"), "one");
  std::filesystem::remove(dir_ / "link");
  std::filesystem::create_symlink(second, dir_ / "link");
  EXPECT_EQ(value(dir_ / "link"), "two");
  ::chmod(second.c_str(), 0604);
  EXPECT_EQ(fetch(dir_ / "link").error().code, Errc::file_unsafe);
}

TEST_F(FileSecret, MustBeARegularFileOfBoundedSize) {
  EXPECT_EQ(fetch(dir_.path()).error().code, Errc::file_unsafe);
  ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(fetch(dir_ / "fifo").error().code, Errc::file_unsafe);
  EXPECT_EQ(fetch(dir_.write("huge", std::string(70'000, 'x'))).error().code, Errc::secret_invalid);
  EXPECT_EQ(value(dir_.write("longest", std::string(65'536, 'x') + "\r\n")).size(), 65'536U);
  EXPECT_EQ(fetch(dir_.write("empty", "")).error().code, Errc::secret_invalid);
  EXPECT_EQ(fetch("relative/key").error().code, Errc::store_unavailable);
}

TEST_F(FileSecret, CanBeFetchedFromManyThreadsWhileItChanges) {
  const auto path = dir_.write("key", "value-0");
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        if (!value(path).starts_with("value-")) ++wrong;
      }
    });
  }
  for (int i = 1; i < 200; ++i) {
    std::filesystem::rename(dir_.write("new", "value-" + std::to_string(i)), path);
  }
  stop = true;
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(value(path), "value-199");
}

}  // namespace
}  // namespace cordon
