// Only Linux tells which process has a socket.
#ifdef __linux__

#include "net/peer_programs.hpp"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

#include "base/unique_fd.hpp"
#include "unit/net/socket_pair.hpp"

namespace cordon::net {
namespace {

using test::EventLoop;

std::uint32_t inode_of(int descriptor) {
  struct stat info {};
  EXPECT_EQ(::fstat(descriptor, &info), 0);
  return static_cast<std::uint32_t>(info.st_ino);
}

std::string own_program() {
  std::string name = program_invocation_short_name;
  return name.substr(0, 15);
}

/// A socket, and what is to be found of it.
struct OpenSocket {
  base::UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint32_t inode = inode_of(fd.get());
};

TEST(SocketOwners, AreTheProcessesThatHoldThem) {
  const OpenSocket first;
  const OpenSocket second;
  const auto found = find_socket_owners(std::array{first.inode, second.inode}, {});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found.at(first.inode).pid, ::getpid());
  EXPECT_EQ(found.at(second.inode).pid, ::getpid());
  EXPECT_EQ(found.at(first.inode).program, own_program());
}

TEST(SocketOwners, AreFoundInAnotherProcess) {
  OpenSocket socket;
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  socket.fd.reset();
  const auto found = find_socket_owners(std::array{socket.inode}, {});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(found.contains(socket.inode));
  EXPECT_EQ(found.at(socket.inode).pid, child);
}

TEST(SocketOwners, LikelyOnesAreLookedThroughFirst) {
  const OpenSocket socket;
  // A process that is not there, and one that has many others after it.
  const auto found = find_socket_owners(std::array{socket.inode}, std::array{pid_t{0x7fffffff}, ::getpid()});
  EXPECT_EQ(found.at(socket.inode).pid, ::getpid());
}

TEST(SocketOwners, AreAbsentWhereThereAreNone) {
  std::uint32_t gone = 0;
  {
    const OpenSocket socket;
    gone = socket.inode;
  }
  EXPECT_TRUE(find_socket_owners(std::array{gone}, std::array{::getpid()}).empty());
  EXPECT_TRUE(find_socket_owners({}, {}).empty());
}

/// Waits for what another thread will bring.
template <class Condition>
bool happens(Condition condition) {
  const auto end = Clock::now() + EventLoop::kPatience;
  while (!condition() && Clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

TEST(PeerPrograms, AnswerInTheBackground) {
  PeerPrograms programs;
  const OpenSocket socket;
  const auto answer = programs.ask(socket.inode);
  ASSERT_TRUE(answer);
  ASSERT_TRUE(happens([&] { return answer->get() != nullptr; }));
  EXPECT_EQ(answer->get()->pid, ::getpid());
  EXPECT_EQ(answer->get()->program, own_program());
}

TEST(PeerPrograms, AnswerWhatWasAskedMeanwhileAtOnceButNotSooner) {
  PeerPrograms programs;
  const OpenSocket socket;
  const auto began = Clock::now();
  const auto first = programs.ask(socket.inode);
  ASSERT_TRUE(happens([&] { return first->get() != nullptr; }));
  const auto second = programs.ask(socket.inode);
  const auto third = programs.ask(socket.inode);
  ASSERT_TRUE(happens([&] { return second->get() != nullptr && third->get() != nullptr; }));
  EXPECT_GE(Clock::now() - began, std::chrono::milliseconds(250));
}

// At a high rate of connections most cost nothing, and what is asked for once more later is found.
TEST(PeerPrograms, TakeNoMoreQuestionsThanTheyCanAnswerSoon) {
  PeerPrograms programs;
  const OpenSocket socket;
  std::vector<std::shared_ptr<const PeerPrograms::Answer>> answers;
  for (int i = 0; i < 1000; ++i)
    answers.push_back(programs.ask(socket.inode));
  EXPECT_LT(std::ranges::count_if(answers, [](const auto& answer) { return answer != nullptr; }), 300);
  EXPECT_FALSE(answers.back());
  answers.clear();  // withdrawn
  std::shared_ptr<const PeerPrograms::Answer> later;
  ASSERT_TRUE(happens([&] { return (later = programs.ask(socket.inode)) != nullptr; }));
  EXPECT_TRUE(happens([&] { return later->get() != nullptr; }));
}

TEST(PeerPrograms, TellThatNothingIsFound) {
  PeerPrograms programs;
  std::promise<bool> told;
  std::uint32_t gone = 0;
  {
    const OpenSocket socket;
    gone = socket.inode;
  }
  programs.tell(gone, [&](const Process* process) { told.set_value(process != nullptr); });
  EXPECT_FALSE(told.get_future().get());
}

TEST(PeerPrograms, TellAtOnceWhereThereIsNoNumber) {
  PeerPrograms programs;
  EXPECT_FALSE(programs.ask(0));
  int told = 0;
  programs.tell(0, [&](const Process* process) { told += process == nullptr ? 1 : 100; });
  EXPECT_EQ(told, 1);
}

TEST(PeerPrograms, TellEachWhoAskedExactlyOnceAlsoAtTheirEnd) {
  const OpenSocket socket;
  std::atomic<int> told = 0;
  constexpr int kQuestions = 10'000;  // more than may wait
  {
    PeerPrograms programs;
    for (int i = 0; i < kQuestions; ++i)
      programs.tell(socket.inode, [&](const Process*) { ++told; });
  }
  EXPECT_EQ(told, kQuestions);
}

TEST(PeerPrograms, MayBeAskedFromManyThreads) {
  const OpenSocket socket;
  std::atomic<int> told = 0;
  {
    PeerPrograms programs;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          const auto dropped = programs.ask(socket.inode);
          programs.tell(socket.inode, [&](const Process*) { ++told; });
        }
      });
    }
  }
  EXPECT_EQ(told, 800);
}

}  // namespace
}  // namespace cordon::net

#endif
