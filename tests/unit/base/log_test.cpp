#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cordon/event_sink.hpp>

#include "base/unique_fd.hpp"
#include "support/temp_dir.hpp"

// LeakSanitizer's, where it is linked: it takes what a thread holds that it cannot suspend for leaked.
extern "C" __attribute__((weak)) void __lsan_disable();  // NOLINT(bugprone-reserved-identifier)

namespace cordon {
namespace {

using base::UniqueFd;
using namespace std::chrono_literals;

struct Pipe {
  UniqueFd out, in;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Reads until `stop` says enough, or for 5 s.
template <class Stop>
std::string read_until(int fd, Stop stop) {
  std::string text;
  std::array<char, 4096> chunk{};
  pollfd ready{fd, POLLIN, 0};
  while (!stop(text) && ::poll(&ready, 1, 5000) > 0) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string read_to_end(int fd) {
  return read_until(fd, [](const std::string&) { return false; });
}

// Leaves no room in a pipe for even one line.
void fill(int fd) {
  ASSERT_EQ(::fcntl(fd, F_SETFL, O_NONBLOCK), 0);
  const std::string page(4096, '#');
  while (::write(fd, page.data(), page.size()) > 0) {
  }
  ASSERT_EQ(::fcntl(fd, F_SETFL, 0), 0);
}

std::ptrdiff_t count_lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

TEST(Log, WritesEachNoticeOnItsOwnLineInOrder) {
  Pipe pipe = make_pipe();
  {
    const auto log = make_log({.descriptor = pipe.in.get()});
    for (int i = 0; i < 100; ++i)
      log->on_notice(LogLevel::info, "line " + std::to_string(i));
  }
  pipe.in.reset();
  const std::string text = read_to_end(pipe.out.get());
  EXPECT_EQ(count_lines(text), 100);
  EXPECT_LT(text.find("line 41\n"), text.find("line 42\n"));
}

TEST(Log, WritesALineWithOneWrite) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const UniqueFd in(ends[0]), out(ends[1]);
  {
    const auto log = make_log({.descriptor = in.get()});
    log->on_notice(LogLevel::info, "one");
    log->on_notice(LogLevel::info, "two");
  }
  std::array<char, 4096> datagram{};  // one datagram is one write
  for (const char* end : {" one\n", " two\n"}) {
    const ssize_t got = ::recv(out.get(), datagram.data(), datagram.size(), MSG_DONTWAIT);
    ASSERT_GT(got, 0);
    EXPECT_TRUE(std::string_view(datagram.data(), static_cast<std::size_t>(got)).ends_with(end));
  }
}

TEST(Log, KeepsWhatItsLevelWantsOnly) {
  Pipe pipe = make_pipe();
  {
    const auto log = make_log({.level = LogLevel::warn, .descriptor = pipe.in.get()});
    EXPECT_FALSE(log->wants(LogLevel::info));
    EXPECT_TRUE(log->wants(LogLevel::warn));
    EXPECT_TRUE(log->wants(LogLevel::error));
    RequestEvent event;
    event.host = "fine.example";
    log->on_request(event);
    log->on_notice(LogLevel::debug, "quiet");
    event.host = "refused.example";
    event.refusal = "destination_denied";
    log->on_request(event);
  }
  pipe.in.reset();
  const std::string text = read_to_end(pipe.out.get());
  EXPECT_EQ(count_lines(text), 1);
  EXPECT_NE(text.find("refused.example"), std::string::npos);
}

TEST(Log, WritesJsonOnRequest) {
  Pipe pipe = make_pipe();
  make_log({.format = LogFormat::json, .descriptor = pipe.in.get()})->on_notice(LogLevel::error, "hello");
  pipe.in.reset();
  const std::string text = read_to_end(pipe.out.get());
  EXPECT_TRUE(text.starts_with("{\"time\":\"20")) << text;
  EXPECT_TRUE(text.ends_with("\"level\":\"error\",\"message\":\"hello\"}\n")) << text;
}

TEST(Log, DropsTheOldestAndCountsThemWhileTheDescriptorBlocks) {
  Pipe pipe = make_pipe();
  fill(pipe.in.get());
  auto log = make_log({.descriptor = pipe.in.get(), .capacity = 10});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i)
    log->on_notice(LogLevel::info, "line " + std::to_string(i));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "a caller was blocked";
  std::thread closer([&] { log.reset(); });
  const std::string text =
      read_until(pipe.out.get(), [](const std::string& seen) { return seen.find("line 999\n") != std::string::npos; });
  closer.join();
  EXPECT_EQ(text.find("line 500\n"), std::string::npos);
  // Two notices when the writer's thread starts late: each counts what was dropped before the line that follows it.
  std::ptrdiff_t dropped = 0;
  std::ptrdiff_t notices = 0;
  for (auto at = text.find(" log lines dropped\n"); at != std::string::npos; ++notices) {
    EXPECT_LT(at, text.find("line 990\n"));
    dropped += std::stoi(text.substr(text.rfind(' ', at - 1) + 1));
    at = text.find(" log lines dropped\n", at + 1);
  }
  EXPECT_GE(notices, 1);
  EXPECT_EQ(dropped + count_lines(text) - notices, 1000);
}

TEST(Log, NeverHoldsItsOwnerLongerThanASecond) {
  Pipe pipe = make_pipe();
  fill(pipe.in.get());
  auto log = make_log({.descriptor = pipe.in.get()});
  log->on_notice(LogLevel::info, "stuck");
  const auto begin = std::chrono::steady_clock::now();
  log.reset();
  const auto taken = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(taken, 900ms) << "it did not wait for a slow reader";
  EXPECT_LT(taken, 3s);
}

[[noreturn]] void exit_with_a_stuck_log() {
  if (__lsan_disable != nullptr) __lsan_disable();
  Pipe pipe = make_pipe();
  fill(pipe.in.get());
  make_log({.descriptor = pipe.in.get()})->on_notice(LogLevel::info, "stuck");
  std::exit(7);  // NOLINT(concurrency-mt-unsafe)
}

TEST(LogDeathTest, NeverKeepsTheProcessFromExiting) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(exit_with_a_stuck_log(), testing::ExitedWithCode(7), "");
}

TEST(Log, SurvivesAReaderThatIsGoneWithDefaultSigpipe) {
  Pipe pipe = make_pipe();
  struct sigaction before {};
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ASSERT_EQ(::sigaction(SIGPIPE, &standard, &before), 0);
  pipe.out.reset();
  {
    const auto log = make_log({.descriptor = pipe.in.get()});
    for (int i = 0; i < 100; ++i)
      log->on_notice(LogLevel::info, "nobody reads this");
  }
  struct sigaction after {};
  ::sigaction(SIGPIPE, &before, &after);
  EXPECT_EQ(after.sa_handler, SIG_DFL) << "the library must not touch the process's signals";
}

TEST(Log, SurvivesAClosedDescriptorAndAFullDisk) {
  const int closed = ::fcntl(2, F_DUPFD_CLOEXEC, 300);
  ASSERT_GE(closed, 0);
  ::close(closed);
  make_log({.descriptor = closed})->on_notice(LogLevel::info, "into nothing");
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (!full) return;  // Linux has it
  const auto log = make_log({.descriptor = full.get()});
  for (int i = 0; i < 10; ++i)
    log->on_notice(LogLevel::info, "no space");
}

TEST(Log, TellsWhatAFullDiskCostWhenThereIsRoomAgain) {
  const test::TempDir dir;
  const UniqueFd file(::open((dir / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  auto log = make_log({.descriptor = file.get()});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  for (int i = 0; i < 3; ++i)
    log->on_notice(LogLevel::info, "lost");
  std::this_thread::sleep_for(300ms);  // the three are tried and lost
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  log->on_notice(LogLevel::info, "kept");
  log.reset();
  const std::string text = test::file_content(dir / "log");
  EXPECT_NE(text.find(" 3 log lines dropped\n"), std::string::npos) << text;
  EXPECT_NE(text.find(" kept\n"), std::string::npos) << text;
}

// The number of a log's descriptor may stand for another file soon after the log's end.
TEST(Log, NeverWritesToWhatTookItsDescriptorsPlace) {
  Pipe old = make_pipe();
  fill(old.in.get());
  const int number = old.in.get();
  auto log = make_log({.descriptor = number});
  log->on_notice(LogLevel::info, "stuck");
  log.reset();
  Pipe other = make_pipe();
  ASSERT_EQ(::dup3(other.in.get(), number, O_CLOEXEC), number);
  std::this_thread::sleep_for(200ms);
  pollfd readable{other.out.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, 0), 0);
}

TEST(Log, TakesLinesFromManyThreads) {
  const test::TempDir dir;
  const UniqueFd file(::open((dir / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  {
    const auto log = make_log({.descriptor = file.get(), .capacity = 100'000});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i)
          log->on_notice(LogLevel::info, "a line");
      });
    }
    for (auto& thread : threads)
      thread.join();
  }
  const std::string text = test::file_content(dir / "log");
  EXPECT_EQ(count_lines(text), 4000);
}

TEST(NullSink, WantsNothing) {
  EXPECT_FALSE(null_sink().wants(LogLevel::error));
  null_sink().on_notice(LogLevel::error, "x");
  null_sink().on_request({});
}

}  // namespace
}  // namespace cordon
