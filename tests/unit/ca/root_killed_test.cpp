// T7: a process that makes a CA is killed at each of its system calls in turn.
#ifdef __linux__

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "ca/key_pem.hpp"
#include "unit/ca/ca_fixture.hpp"
#include "unit/ca/tracing.hpp"

namespace cordon::ca {
namespace {

namespace fs = std::filesystem;

/// Starts a child that waits to be traced and then opens the CA. It shares nothing with the test but the folder.
pid_t start_opening(test::CaFolder& place) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::umask(0);  // so that a mode which relied on it would show
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(2);
  (void)::raise(SIGSTOP);
  ::_exit(place.open() ? 0 : 1);
}

/// What must hold at any moment, whoever looks: a name shows a whole file or none, and nobody else can read a key.
void expect_sound(const CaPaths& paths) {
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(paths.key.parent_path(), missing)) {
    const std::string content = test::file_content(entry.path());
    const bool final_name = entry.path() == paths.key || entry.path() == paths.cert;
    const bool key = content.find("PRIVATE KEY") != content.npos ||
                     entry.path().filename().native().find("key") != std::string::npos;
    const bool whole = content.starts_with("-----BEGIN ") && content.ends_with("-----\n");
    const bool shared = (entry.status().permissions() & fs::perms(0077)) != fs::perms::none;
    EXPECT_FALSE(key && shared) << entry.path();
    EXPECT_FALSE(final_name && !whole) << entry.path();
  }
}

enum class Ending { killed, done, failed };

/// Lets `child` run to its `calls`-th stop at a system call (it stops before and after each), looks, and kills it.
Ending run_and_kill(pid_t child, const CaPaths& paths, int calls) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return Ending::failed;
  for (int i = 0; i < calls; ++i) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) break;
    if (::waitpid(child, &status, 0) != child) return Ending::failed;
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? Ending::done : Ending::failed;
  }
  expect_sound(paths);
  ::kill(child, SIGKILL);
  return ::waitpid(child, &status, 0) == child && WIFSIGNALED(status) ? Ending::killed : Ending::failed;
}

TEST(RootFilesKilled, AreSoundAtEveryStepAndOpenAfterwards) {
  if (!test::may_trace()) GTEST_SKIP() << "this machine forbids ptrace, by which the child is stopped";
  int kills = 0;
  int keys_kept = 0;
  for (Ending ending = Ending::killed; ending == Ending::killed; ++kills) {
    test::CaFolder place;
    ending = run_and_kill(start_opening(place), place.paths, kills);
    ASSERT_NE(ending, Ending::failed) << "after " << kills;
    const std::string key_before = test::file_content(place.paths.key);
    const std::string cert_before = test::file_content(place.paths.cert);

    const auto manager = place.open();
    ASSERT_TRUE(manager) << "killed after " << kills << ": " << manager.error().context;
    ASSERT_TRUE(manager->leaf("a.example"));
    EXPECT_TRUE(cert_before.empty() || manager->certificate_pem() == cert_before);
    EXPECT_TRUE(key_before.empty() || test::file_content(place.paths.key) == key_before);
    if (!key_before.empty() && cert_before.empty()) ++keys_kept;
    expect_sound(place.paths);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "killed after " << kills;
  }
  EXPECT_GT(kills, 40);      // two stops a call: folder, file, mode, write, sync, rename, sync, twice
  EXPECT_GT(keys_kept, 10);  // the moments between the two files were among them
}

}  // namespace
}  // namespace cordon::ca

#endif
