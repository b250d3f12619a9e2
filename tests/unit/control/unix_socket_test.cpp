#include "control/unix_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "unit/control/control_fixture.hpp"

namespace cordon::test {
namespace {

using ::testing::HasSubstr;

using UnixSocketTest = ControlTest;

TEST_F(UnixSocketTest, RefusesAnotherUsersProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::atomic<bool> stopped = false;
  const auto server =
      start({.status = {}, .reload = {}, .stop = [&stopped](StopMode) { stopped = true; }, .forget_secret = {}});
  // Opened wide, so that only the look at the peer is in the way.
  ::chmod(folder_.path().c_str(), 0755);
  ::chmod(path_.parent_path().c_str(), 0755);
  ::chmod(path_.c_str(), 0666);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    const auto socket = connect_raw(path_);
    const std::string bytes = request("stop");
    (void)::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    const std::string answer = read_to_end(socket.get());
    ::_exit(answer.starts_with("HTTP/1.1 403 ") && answer.find("peer_refused") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(stopped);
}

TEST_F(UnixSocketTest, ReplacesWhatAKilledInstanceLeft) {
  leave_a_dead_socket();
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(UnixSocketTest, NeverReplacesALivingOne) {
  const auto first = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  const auto second = ControlServer::start(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::port_in_use);
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(UnixSocketTest, OnlyOneOfManyThatStartAtOnceGetsTheName) {
  leave_a_dead_socket();
  std::atomic<int> started = 0;
  std::vector<Result<ControlServer>> servers;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      auto server = ControlServer::start(options());
      started += server.has_value() ? 1 : 0;
      const std::lock_guard lock(mutex);
      servers.push_back(std::move(server));
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(started, 1);
  EXPECT_TRUE(fs::exists(path_));
}

/// L7.
TEST_F(UnixSocketTest, DoesNotFollowALinkAtItsPlace) {
  fs::create_directories(path_.parent_path());
  fs::permissions(path_.parent_path(), fs::perms::owner_all);
  const fs::path target = folder_.write("precious", "keep me");
  fs::create_symlink(target, path_);
  const auto server = ControlServer::start(options());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::file_unsafe);
  EXPECT_THAT(server.error().context, HasSubstr("rm "));
  EXPECT_EQ(file_content(target), "keep me");
}

/// L6.
TEST_F(UnixSocketTest, RefusesAFolderThatOthersCanWriteTo) {
  fs::create_directories(path_.parent_path());
  ::chmod(path_.parent_path().c_str(), 0777);
  const auto server = ControlServer::start(options());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::file_unsafe);
}

TEST_F(UnixSocketTest, RemovesItsNameAtTheEnd) {
  { const auto server = start(); }
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(ControlClient(instance_).status(kDeadline).error().code, Errc::not_running);
}

TEST_F(UnixSocketTest, LeavesTheNameToWhoeverHasItByNow) {
  auto first = std::make_unique<ControlServer>(start());
  fs::remove(path_);
  const auto second = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  first.reset();
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

}  // namespace
}  // namespace cordon::test
