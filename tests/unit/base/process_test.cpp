#include "base/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"
#include "support/temp_dir.hpp"

namespace cordon::base {
namespace {

using test::file_content;
using test::TempDir;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

ProcessRequest shell(std::string script, std::chrono::milliseconds time = 10s) {
  return {.argv = {"/bin/sh", "-c", std::move(script)},
          .environment = {"PATH=/usr/bin:/bin"},
          .deadline = Clock::now() + time,
          .max_output = 1000,
          .max_errors = 0,
          .descriptor_limit = std::nullopt};
}

// Gone, or dead and only waiting for init to reap it.
bool is_gone(pid_t pid) {
  if (::kill(pid, 0) != 0) return true;
  const std::string stat = file_content("/proc/" + std::to_string(pid) + "/stat");
  const auto at = stat.rfind(") ");
  return stat.empty() || (at != std::string::npos && stat[at + 2] == 'Z');
}

bool becomes_gone(pid_t pid) {
  for (const auto until = Clock::now() + 5s; Clock::now() < until; std::this_thread::sleep_for(5ms)) {
    if (is_gone(pid)) return true;
  }
  return false;
}

pid_t pid_in(const std::filesystem::path& file) {
  for (const auto until = Clock::now() + 5s; Clock::now() < until; std::this_thread::sleep_for(5ms)) {
    const std::string text = file_content(file);
    if (text.ends_with('\n')) return std::stoi(text);
  }
  ADD_FAILURE() << file << " was never written";
  return 0;
}

TEST(RunProcess, ReturnsWhatTheProgramPrints) {
  const auto result = run_process(shell("printf 'a\\nb'"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->end, ProcessEnd::exited);
  EXPECT_EQ(result->code, 0);
  EXPECT_EQ(result->output.view(), "a\nb");
}

TEST(RunProcess, PassesArgumentsAsTheyAre) {
  ProcessRequest request = shell("");
  request.argv = {"/usr/bin/printf", "%s|", "a b", "", "$HOME", "*"};
  EXPECT_EQ(run_process(request).value().output.view(), "a b||$HOME|*|");
}

TEST(RunProcess, TellsTheExitCodeOrTheSignal) {
  const auto failed = run_process(shell("exit 42"));
  EXPECT_EQ(failed.value().end, ProcessEnd::exited);
  EXPECT_EQ(failed->code, 42);
  const auto killed = run_process(shell("kill -TERM $$"));
  EXPECT_EQ(killed.value().end, ProcessEnd::killed_by_signal);
  EXPECT_EQ(killed->code, SIGTERM);
}

TEST(RunProcess, SaysWhatCannotBeStarted) {
  ProcessRequest request = shell("");
  request.argv = {"/nowhere/helper"};
  auto result = run_process(request);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::file_missing);
  EXPECT_NE(result.error().context.find("/nowhere/helper"), std::string::npos);

  const TempDir dir;
  request.argv = {dir.write("plain", "no program", 0600).native()};
  EXPECT_EQ(run_process(request).error().code, Errc::file_failed);
  request.argv = {"sh"};
  EXPECT_EQ(run_process(request).error().code, Errc::file_failed) << "only absolute paths";
}

#ifdef __linux__
TEST(RunProcess, EndsTheProgramWithItsCaller) {
  const TempDir dir;
  const auto file = dir / "pid";
  const pid_t caller = ::fork();
  ASSERT_GE(caller, 0);
  if (caller == 0) {
    (void)run_process(shell("echo $$ > " + file.native() + "; exec sleep 30", 60s));
    ::_exit(0);
  }
  const pid_t helper = pid_in(file);
  EXPECT_FALSE(is_gone(helper));
  ::kill(caller, SIGKILL);
  EXPECT_EQ(::waitpid(caller, nullptr, 0), caller);
  EXPECT_TRUE(becomes_gone(helper));
}
#endif

TEST(RunProcess, GivesExactlyTheEnvironment_L3) {
  ::setenv("CORDON_TEST_CANARY", "inherited", 1);  // NOLINT(concurrency-mt-unsafe)
  ProcessRequest request = shell("");
  request.argv = {"/usr/bin/env"};
  request.environment = {"A=1", "B=two words"};
  EXPECT_EQ(run_process(request).value().output.view(), "A=1\nB=two words\n");
  ::unsetenv("CORDON_TEST_CANARY");  // NOLINT(concurrency-mt-unsafe)
}

TEST(RunProcess, GivesNoDescriptorBesidesTheStandardOnes) {
  const UniqueFd inherited(::open("/dev/null", O_RDONLY));  // no O_CLOEXEC: what a careless host does
  ASSERT_TRUE(inherited);
  const auto result = run_process(shell("for fd in /proc/self/fd/*; do readlink $fd; done"));
  std::istringstream lines{std::string(result.value().output.view())};
  int nulls = 0;
  for (std::string line; std::getline(lines, line);)
    nulls += line == "/dev/null" ? 1 : 0;
  EXPECT_EQ(nulls, 2) << result->output.view();  // standard input and standard error
}

TEST(RunProcess, WorksWhenTheHostHasClosedItsStandardDescriptors) {
  const UniqueFd saved(::fcntl(0, F_DUPFD_CLOEXEC, 10));
  ::close(0);
  const auto result = run_process(shell("cat; printf ok"));
  if (saved) ::dup2(saved.get(), 0);
  EXPECT_EQ(result.value().output.view(), "ok");
}

TEST(RunProcess, GivesAnEmptyInputAndDropsStandardError) {
  EXPECT_EQ(run_process(shell("cat; echo noise >&2; printf end")).value().output.view(), "end");
  EXPECT_EQ(run_process(shell("yes noise | head -c 1000000 >&2; printf end")).value().output.view(), "end");
  EXPECT_EQ(run_process(shell("echo noise >&2")).value().errors.view(), "");
}

ProcessRequest listening(std::string script, std::size_t max_errors) {
  auto request = shell(std::move(script));
  request.max_errors = max_errors;
  return request;
}

TEST(RunProcess, KeepsStandardErrorApartWhereItIsAskedTo) {
  const auto result = run_process(listening("echo value; echo trouble >&2; exit 3", 100)).value();
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(result.output.view(), "value\n");
  EXPECT_EQ(result.errors.view(), "trouble\n");
  const auto late = run_process(listening("exec >&-; sleep 0.1; echo late >&2", 100)).value();
  EXPECT_EQ(late.errors.view(), "late\n");
}

TEST(RunProcess, KeepsTheBeginningOfStandardErrorAndDropsTheRest) {
  const auto result = run_process(listening("echo begin >&2; yes noise | head -c 1000000 >&2; printf end", 8)).value();
  EXPECT_EQ(result.end, ProcessEnd::exited);
  EXPECT_EQ(result.errors.view(), "begin\nno");
  EXPECT_EQ(result.output.view(), "end");
}

TEST(RunProcess, DoesNotWaitForTheEndOfStandardError) {
  const auto begin = Clock::now();
  const auto result = run_process(listening("echo trouble >&2; sleep 3 >/dev/null & printf value", 100)).value();
  EXPECT_LT(Clock::now() - begin, 2s);
  EXPECT_EQ(result.output.view(), "value");
  EXPECT_EQ(result.errors.view(), "trouble\n");
}

TEST(RunProcess, EndsAProgramAtItsDeadlineThatNeverStopsWritingErrors_Q9) {
  const auto begin = Clock::now();
  auto request = listening("exec >&-; yes noise >&2", 100);
  request.deadline = Clock::now() + 300ms;
  EXPECT_EQ(run_process(request).error().code, Errc::timed_out);
  EXPECT_LT(Clock::now() - begin, 5s);
}

TEST(RunProcess, RunsInItsOwnGroupInOurSession) {
  const auto result = run_process(shell("ps -o pid=,pgid=,sid= -p $$ | head -1"));
  std::istringstream numbers{std::string(result.value().output.view())};
  pid_t pid = 0, group = 0, session = 0;
  numbers >> pid >> group >> session;
  EXPECT_EQ(pid, group);
  EXPECT_NE(group, ::getpgrp());
  EXPECT_EQ(session, ::getsid(0));
}

TEST(RunProcess, RestoresSignalsForTheProgram) {
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  sigset_t usr1, old;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, &old);
  const auto result = run_process(shell("grep -E '^Sig(Blk|Ign):' /proc/self/status"));
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, &old, &now);
  ::sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(result.value().output.view(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_TRUE(sigismember(&now, SIGUSR1)) << "the caller's mask is back";
}

TEST(RunProcess, SetsTheDescriptorLimit) {
  ProcessRequest request = shell("ulimit -Sn");
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 99;
  request.descriptor_limit = limit;
  EXPECT_EQ(run_process(request).value().output.view(), "99\n");
}

TEST(RunProcess, KillsTheWholeGroupAtTheDeadline_Q9) {
  const TempDir dir;
  const std::string file = (dir / "pid").native();
  const auto begin = Clock::now();
  const auto result = run_process(shell("sh -c 'echo $$ > " + file + "; exec sleep 100' & echo started; wait", 1500ms));
  const auto taken = Clock::now() - begin;
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timed_out);
  EXPECT_GE(taken, 1500ms);
  EXPECT_LT(taken, 10s);
  EXPECT_TRUE(becomes_gone(pid_in(file))) << "the grandchild lives on";
}

TEST(RunProcess, KillsAProgramThatIgnoresSignals_Q9) {
  const auto begin = Clock::now();
  const auto result = run_process(shell("trap '' TERM INT HUP; while :; do sleep 1; done", 300ms));
  EXPECT_EQ(result.error().code, Errc::timed_out);
  EXPECT_LT(Clock::now() - begin, 3s);
}

TEST(RunProcess, EndsAtTheDeadlineAfterStandardOutputIsClosed) {
  const auto begin = Clock::now();
  const auto result = run_process(shell("exec >&-; sleep 100", 300ms));
  EXPECT_EQ(result.error().code, Errc::timed_out);
  EXPECT_LT(Clock::now() - begin, 3s);
}

TEST(RunProcess, DoesNotWaitForAGrandchildThatKeepsTheOutputOpen) {
  const TempDir dir;
  const std::string file = (dir / "pid").native();
  const auto begin = Clock::now();
  const auto result = run_process(shell("sh -c 'echo $$ > " + file + "; exec sleep 100' & printf value", 30s));
  EXPECT_EQ(result.value().output.view(), "value");
  EXPECT_LT(Clock::now() - begin, 10s);
  // The shell may end before its child has written the file; then the child was killed before it could.
  if (std::filesystem::exists(file) && !file_content(file).empty()) {
    EXPECT_TRUE(becomes_gone(pid_in(file)));
  }
}

TEST(RunProcess, KillsAProgramThatPrintsTooMuch) {
  const auto begin = Clock::now();
  const auto result = run_process(shell("yes", 30s));
  EXPECT_EQ(result.value().end, ProcessEnd::output_over_bound);
  EXPECT_TRUE(result->output.empty());
  EXPECT_LT(Clock::now() - begin, 10s);
  EXPECT_EQ(run_process(shell("head -c 1000 /dev/zero")).value().output.size(), 1000U) << "the bound itself is fine";
  EXPECT_EQ(run_process(shell("head -c 1001 /dev/zero")).value().end, ProcessEnd::output_over_bound);
}

TEST(RunProcess, LeavesNoDescriptorAndNoZombie) {
  const auto open_now = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = open_now();
  for (const char* script : {"exit 0", "exit 1", "kill $$", "yes", "sleep 100"}) {
    (void)run_process(shell(script, 200ms));
  }
  ProcessRequest request = shell("");
  request.argv = {"/nowhere/helper"};
  (void)run_process(request);
  EXPECT_EQ(open_now(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(RunProcess, SaysSoWhenTheExitStatusIsLost) {
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;  // the kernel reaps children itself
  ::sigaction(SIGCHLD, &ignore, &before);
  const auto result = run_process(shell("printf value"));
  ::sigaction(SIGCHLD, &before, nullptr);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::file_failed);
}

TEST(RunProcess, RunsManyAtOnce) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const std::string text = std::to_string(t * 100 + i);
        const auto result = run_process(shell("printf " + text, 30s));
        if (result && result->output.view() == text) ++right;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(right, 40);
}

TEST(FindProgram, TakesTheFirstExecutableFile) {
  const TempDir dir;
  for (const char* name : {"a", "b", "c"})
    std::filesystem::create_directory(dir / name);
  dir.write("a/tool", "", 0600);
  dir.write("b/tool", "", 0700);
  dir.write("c/tool", "", 0700);
  std::filesystem::create_directory(dir / "a/folder");
  const std::string base = dir.path().native();
  const std::string search = base + "/none:" + base + "/a:" + base + "/b:" + base + "/c";
  EXPECT_EQ(find_program("tool", search), dir / "b/tool");
  EXPECT_EQ(find_program("folder", search), std::nullopt);
  EXPECT_EQ(find_program("missing", search), std::nullopt);
  EXPECT_EQ(find_program("", search), std::nullopt);
  EXPECT_EQ(find_program("b/tool", base), std::nullopt);
  EXPECT_EQ(find_program("tool", ""), std::nullopt);
}

TEST(FindProgram, NeverLooksInTheWorkingDirectory) {
  const TempDir dir;
  dir.write("tool", "", 0700);
  const auto old = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  for (const char* search : {":", ".", "::.", "./", "bin:.:"})
    EXPECT_EQ(find_program("tool", search), std::nullopt);
  std::filesystem::current_path(old);
}

}  // namespace
}  // namespace cordon::base
