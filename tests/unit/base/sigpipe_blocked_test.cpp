#ifdef __linux__
#include "base/sigpipe_blocked.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"

namespace cordon::base {
namespace {

/// @returns what a write into a pipe without a reader fails with
int write_to_nobody() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return 0;
  const UniqueFd out(ends[1]);
  ::close(ends[0]);
  const char byte = 0;
  return ::write(out.get(), &byte, 1) < 0 ? errno : 0;
}

bool is_pending() {
  sigset_t pending;
  return ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 1;
}

bool is_blocked() {
  sigset_t mask;
  return ::pthread_sigmask(SIG_BLOCK, nullptr, &mask) == 0 && ::sigismember(&mask, SIGPIPE) == 1;
}

class SigpipeBlockedTest : public testing::Test {
 protected:
  SigpipeBlockedTest() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &standard, &before_);
  }
  ~SigpipeBlockedTest() override { ::sigaction(SIGPIPE, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

TEST_F(SigpipeBlockedTest, LeavesAWriteToNobodyItsErrorOnly) {
  {
    const SigpipeBlocked blocked;
    EXPECT_EQ(write_to_nobody(), EPIPE);
    EXPECT_TRUE(is_pending());
  }
  EXPECT_FALSE(is_pending()) << "it would end the process now";
  EXPECT_FALSE(is_blocked());
}

TEST_F(SigpipeBlockedTest, KeepsOneThatWasPendingBefore) {
  const SigpipeBlocked hosts_own;
  write_to_nobody();
  {
    const SigpipeBlocked blocked;
    write_to_nobody();
  }
  EXPECT_TRUE(is_pending());
  EXPECT_TRUE(is_blocked()) << "as the host had it";
}

// Host programs may have threads that wait for signals, or two servers.
TEST_F(SigpipeBlockedTest, DoesNotWaitForOneThatAnotherThreadHasTaken) {
  const SigpipeBlocked hosts_own;
  for (int i = 0; i < 1'000; ++i) {
    std::latch begun(3);
    std::latch raised(3);
    const auto let_go_after_it = [&] {
      const SigpipeBlocked blocked;
      begun.arrive_and_wait();
      raised.arrive_and_wait();
    };
    std::jthread one(let_go_after_it);
    std::jthread two(let_go_after_it);
    begun.arrive_and_wait();
    ::kill(::getpid(), SIGPIPE);
    raised.arrive_and_wait();
  }
}

}  // namespace
}  // namespace cordon::base
#endif
