#include "service/systemd_show.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::service {
namespace {

using testing::ElementsAre;

// As systemctl(1) of 252 printed it for a service that was killed once.
constexpr std::string_view kKilled =
    "MainPID=4242\nNRestarts=1\nExecMainCode=0\nExecMainStatus=0\nActiveState=active\n"
    "SubState=running\nFragmentPath=/home/me/.config/systemd/user/cordon-api.service\nUnitFileState=enabled\n"
    "ActiveEnterTimestamp=@1795404472\n";

TEST(SystemdShow, ReadsARunningService) {
  const Observation seen = parse_observation(parse_properties(kKilled));
  EXPECT_EQ(seen.state, ServiceState::running);
  EXPECT_TRUE(seen.enabled);
  EXPECT_EQ(seen.pid, 4242);
  EXPECT_EQ(seen.restarts, 1U);
  EXPECT_EQ(std::chrono::system_clock::to_time_t(seen.since.value()), 1795404472);
  EXPECT_FALSE(seen.last_end);
  EXPECT_EQ(seen.file, "/home/me/.config/systemd/user/cordon-api.service");
}

TEST(SystemdShow, ReadsHowTheLastProcessEnded) {
  const auto end = [](std::string_view text) { return parse_observation(parse_properties(text)).last_end; };
  EXPECT_EQ(end("ExecMainCode=1\nExecMainStatus=4\n")->number, 4);
  EXPECT_FALSE(end("ExecMainCode=1\nExecMainStatus=4\n")->killed);
  EXPECT_TRUE(end("ExecMainCode=2\nExecMainStatus=9\n")->killed);
  EXPECT_FALSE(end("ExecMainCode=0\nExecMainStatus=0\n"));
  EXPECT_FALSE(end(""));
}

TEST(SystemdShow, NamesEveryState) {
  const auto state = [](std::string_view active, std::string_view sub) {
    return parse_observation({{"ActiveState", std::string(active)}, {"SubState", std::string(sub)}}).state;
  };
  EXPECT_EQ(state("active", "running"), ServiceState::running);
  EXPECT_EQ(state("reloading", "reload"), ServiceState::running);
  EXPECT_EQ(state("activating", "start"), ServiceState::starting);
  EXPECT_EQ(state("activating", "auto-restart"), ServiceState::waiting);
  EXPECT_EQ(state("deactivating", "stop-sigterm"), ServiceState::stopping);
  EXPECT_EQ(state("inactive", "dead"), ServiceState::stopped);
  EXPECT_EQ(state("failed", "failed"), ServiceState::failed);
}

TEST(SystemdShow, HasNoTimeForWhatNeverRan) {
  for (const char* time : {"", "n/a", "@0", "@", "@x"})
    EXPECT_FALSE(parse_observation({{"ActiveState", "active"}, {"ActiveEnterTimestamp", time}}).since) << time;
}

TEST(SystemdShow, ReadsListsOfPaths) {
  // As systemctl 252 printed it.
  EXPECT_THAT(parse_path_list(R"("/tmp/home of \"Jürg\" & 100% <\$HOME>/user" /run/user/0 "/a b")"),
              ElementsAre("/tmp/home of \"Jürg\" & 100% <$HOME>/user", "/run/user/0", "/a b"));
  EXPECT_THAT(parse_path_list("/a/b /c"), ElementsAre("/a/b", "/c"));
  EXPECT_THAT(parse_path_list(""), ElementsAre());
  EXPECT_THAT(parse_path_list("  /a  "), ElementsAre("/a"));
  EXPECT_THAT(parse_path_list("/a\\"), ElementsAre("/a\\"));
}

TEST(SystemdShow, ReadsVersions) {
  EXPECT_EQ(parse_systemd_version("252.38-1~deb12u1"), 252);
  EXPECT_EQ(parse_systemd_version("257~rc1"), 257);
  EXPECT_EQ(parse_systemd_version(""), 0);
}

}  // namespace
}  // namespace cordon::service
