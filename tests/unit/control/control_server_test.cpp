#include <cordon/control_server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <vector>

#include "unit/control/control_fixture.hpp"

namespace cordon::test {
namespace {

using ::testing::HasSubstr;

using ControlServerTest = ControlTest;

TEST_F(ControlServerTest, IsForItsOwnerOnly) {
  const auto server = start();
  struct stat info {};
  ASSERT_EQ(::lstat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  ASSERT_EQ(::lstat(path_.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST_F(ControlServerTest, TakesTheNextPlaceWhenOneIsTaken) {
  const auto first = start();
  auto more = options({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  more.config = "/other/cordon.toml";
  more.sockets.push_back(folder_ / "state2/control.sock");
  const auto second = ControlServer::start(more);
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(second->socket(), folder_ / "state2/control.sock");
  // A client passes by the instance that it did not mean.
  Instance other;
  other.config = more.config;
  other.control_sockets = more.sockets;
  const auto status = ControlClient(other).status(kDeadline);
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(status->config, "/other/cordon.toml");
}

TEST_F(ControlServerTest, WithoutAnyPlaceDoesNotStart) {
  auto none = options();
  none.sockets.clear();
  EXPECT_EQ(ControlServer::start(none).error().code, Errc::not_supported);
  none.sockets = {folder_ / std::string(120, 'x') / "control.sock"};
  EXPECT_EQ(ControlServer::start(none).error().code, Errc::file_failed);
}

TEST_F(ControlServerTest, SilentClientsDoNotKeepOthersOut) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  std::vector<base::UniqueFd> silent;
  for (int i = 0; i < 15; ++i)
    silent.push_back(connect_raw(path_));
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(ControlServerTest, OneClientTooManyIsToldSo) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  std::vector<base::UniqueFd> silent;
  for (int i = 0; i < 16; ++i)
    silent.push_back(connect_raw(path_));
  const auto status = ControlClient(instance_).status(kDeadline);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().context, HasSubstr("too many clients"));
  silent.clear();
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < end)
    served = ControlClient(instance_).status(kDeadline).has_value();
  EXPECT_TRUE(served);
}

TEST_F(ControlServerTest, EndsWithClientsThatStillTalk) {
  LogTee tee(null_sink());
  auto server = std::make_unique<ControlServer>(start({}, &tee));
  const auto silent = connect_raw(path_);
  const auto half = connect_raw(path_);
  ::send(half.get(), "POST /st", 8, MSG_NOSIGNAL);
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_EQ(read_to_end(silent.get()), "");
}

TEST_F(ControlServerTest, IsMovable) {
  auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  const ControlServer moved = std::move(server);
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

}  // namespace
}  // namespace cordon::test
