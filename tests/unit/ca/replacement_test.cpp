#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/certificate.hpp"
#include "ca/key_pem.hpp"
#include "unit/ca/ca_fixture.hpp"
#include "unit/ca/tracing.hpp"
#include "unit/tls/test_certificates.hpp"

#ifdef __linux__
#include <sys/ptrace.h>
#endif

namespace cordon::ca {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class CaReplacement : public ::testing::Test {
 protected:
  Result<CaManager> rotate() {
    return CaManager::rotate(place_.paths, {"project-12345678", [this] { return place_.now; }});
  }
  std::string certificate() const { return test::file_content(place_.paths.cert); }
  std::string key() const { return test::file_content(place_.paths.key); }
  fs::path next() const { return place_.paths.key.native() + ".next"; }

  test::CaFolder place_;
};

TEST_F(CaReplacement, PutsANewPairInPlace) {
  const std::string old = place_.open()->certificate_pem();
  const std::string old_key = key();
  const auto rotated = rotate();
  ASSERT_TRUE(rotated) << rotated.error().context;
  EXPECT_NE(rotated->certificate_pem(), old);
  EXPECT_NE(key(), old_key);
  EXPECT_EQ(place_.open()->certificate_pem(), rotated->certificate_pem());
  struct stat info {};
  ASSERT_EQ(::lstat(place_.paths.key.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  EXPECT_FALSE(fs::exists(next()));
}

TEST_F(CaReplacement, MakesTheFirstOne) {
  const auto rotated = rotate();
  ASSERT_TRUE(rotated) << rotated.error().context;
  EXPECT_EQ(place_.open()->certificate_pem(), rotated->certificate_pem());
}

TEST_F(CaReplacement, MendsWhateverCannotBeOpened) {
  const auto breakages = std::vector<std::function<void()>>{
      [&] { place_.now += std::chrono::days(3650); },
      [&] { fs::remove(place_.paths.key); },
      [&] { std::ofstream(place_.paths.key) << "nonsense"; },
      [&] { fs::permissions(place_.paths.key, fs::perms(0644)); },
      [&] { std::ofstream(place_.paths.cert) << "nonsense"; },
  };
  for (const auto& damage : breakages) {
    ASSERT_TRUE(rotate());
    damage();
    ASSERT_FALSE(place_.open());
    ASSERT_TRUE(rotate());
    EXPECT_TRUE(place_.open());
  }
}

TEST_F(CaReplacement, LeavesAPersonsOwnAlone) {
  const auto own = test::make_test_identity({.common_name = "theirs", .authority = true});
  place_.paths = test::ca_paths_in(place_.folder.path());
  place_.folder.write("ca-cert.pem", test::to_pem(*own->certificate()));
  place_.folder.write("ca-key.pem", encode_key(*own->key())->view());
  const std::string before = certificate() + key();
  const auto rotated = rotate();
  ASSERT_FALSE(rotated);
  EXPECT_EQ(rotated.error().code, Errc::not_supported);
  EXPECT_THAT(rotated.error().context, HasSubstr("not made by Cordon"));
  EXPECT_EQ(certificate() + key(), before);
}

TEST_F(CaReplacement, KeepsTheOldOneWhenTheNewCannotBeWritten) {
  ASSERT_TRUE(place_.open());
  const std::string before = key();
  fs::remove(place_.paths.cert);
  fs::create_directories(place_.paths.cert / "in the way");
  ASSERT_FALSE(rotate());
  EXPECT_EQ(key(), before);
  EXPECT_FALSE(fs::exists(next()));
}

TEST_F(CaReplacement, ReplacesALinkInTheKeysPlaceWithoutFollowingIt) {  // L7
  ASSERT_TRUE(place_.open());
  const auto precious = place_.folder.write("precious", "keep me");
  fs::remove(place_.paths.key);
  fs::create_symlink(precious, place_.paths.key);
  fs::create_symlink(precious, next());
  ASSERT_TRUE(rotate());
  EXPECT_EQ(test::file_content(precious), "keep me");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(place_.paths.key)));
  EXPECT_TRUE(place_.open());
}

TEST_F(CaReplacement, IsOneAtATime) {
  ASSERT_TRUE(place_.open());
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 5; ++turn)
        failures += rotate() && place_.open() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_FALSE(fs::exists(next()));
}

TEST_F(CaReplacement, OfAnotherPairIsNotFinished) {
  ASSERT_TRUE(place_.open());
  const std::string first = certificate();
  fs::remove_all(place_.paths.key.parent_path());
  ASSERT_TRUE(place_.open());
  std::ofstream(place_.paths.cert) << first;
  const auto stranger = make_key();
  place_.folder.write("certs/ca-key.pem.next", encode_key(**stranger)->view());
  const auto opened = place_.open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().context, HasSubstr("does not belong to the key"));
  EXPECT_TRUE(fs::exists(next()));
}

#ifdef __linux__
/// Lets a rotating child run to its `calls`-th stop at a system call and kills it. @returns whether it was still at it
bool rotate_and_kill(test::CaFolder& place, int calls) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
    (void)::raise(SIGSTOP);
    ::_exit(CaManager::rotate(place.paths) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  for (int i = 0; i < calls; ++i) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) break;
    if (::waitpid(child, &status, 0) != child || WIFEXITED(status)) return false;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return true;
}

// T7
TEST_F(CaReplacement, LeavesTheOldOneOrTheNewOneWheneverItIsKilled) {
  if (!test::may_trace()) GTEST_SKIP() << "this machine forbids ptrace, by which the child is stopped";
  ASSERT_TRUE(place_.open());
  int kills = 0, olds = 0, finished_later = 0;
  for (; rotate_and_kill(place_, kills); ++kills) {
    const std::string old_key = test::file_content(place_.paths.key);
    const std::string found = certificate();
    const auto opened = place_.open();
    ASSERT_TRUE(opened) << "killed after " << kills << ": " << opened.error().context;
    EXPECT_EQ(opened->certificate_pem(), found);
    ASSERT_TRUE(opened->leaf("a.example"));
    (key() == old_key ? olds : finished_later) += 1;
  }
  EXPECT_GT(olds, 20);
  EXPECT_GT(finished_later, 0);  // the moment between the two files was among them
}
#endif

}  // namespace
}  // namespace cordon::ca
