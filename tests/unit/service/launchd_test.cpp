#include "service/launchd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_dir.hpp"
#include "unit/service/fake_launchd.hpp"

namespace cordon::service {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LaunchdAgent : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(unit_.file.parent_path());
    temp_.write("Library/LaunchAgents/io.codezero.cordon.api.plist",
                *launchd_.compose({"api", "/bin/cordon", "/cordon.toml", {}}));
  }

  std::string agent() const { return unit_.file.native(); }

  test::TempDir temp_;
  FakeLaunchd fake_;
  Launchd launchd_{{{"HOME", temp_.path().native()}}, fake_.runner(), 501};
  Unit unit_{"api", temp_ / "Library/LaunchAgents/io.codezero.cordon.api.plist"};
};

TEST_F(LaunchdAgent, IsKnownByItsLabel) {
  EXPECT_EQ(launchd_.label("api"), "io.codezero.cordon.api");
  EXPECT_EQ(launchd_.file_name("api"), "io.codezero.cordon.api.plist");
  EXPECT_EQ(launchd_.name_of("io.codezero.cordon.api.plist"), "api");
  EXPECT_EQ(launchd_.name_of("io.codezero.cordon..plist"), std::nullopt);
  EXPECT_EQ(launchd_.name_of("io.codezero.other.plist"), std::nullopt);
}

TEST_F(LaunchdAgent, IsLoadedInTheDomainOfTheScreen) {
  EXPECT_TRUE(launchd_.enable(unit_));
  EXPECT_TRUE(launchd_.start(unit_));
  EXPECT_THAT(fake_.calls, ElementsAre("enable gui/501/io.codezero.cordon.api",
                                       "bootout gui/501/io.codezero.cordon.api", "bootstrap gui/501 " + agent()));
  EXPECT_EQ(launchd_.observe(unit_)->state, ServiceState::running);
  EXPECT_EQ(launchd_.observe(unit_)->pid, 4000);
}

TEST_F(LaunchdAgent, HasAFolderForItsLog) {
  EXPECT_TRUE(launchd_.enable(unit_));
  EXPECT_TRUE(std::filesystem::is_directory(temp_ / "Library/Logs/cordon"));
}

TEST_F(LaunchdAgent, IsStartedAnewFromItsFile) {
  fake_.slowness = 3;
  EXPECT_TRUE(launchd_.start(unit_));
  EXPECT_TRUE(launchd_.start(unit_));
  EXPECT_EQ(launchd_.observe(unit_)->pid, 4001);
}

TEST_F(LaunchdAgent, IsEnabledAgainBeforeItIsLoaded) {
  fake_.disabled.insert("io.codezero.cordon.api");
  EXPECT_THAT(launchd_.start(unit_).error().message(), HasSubstr("119"));
  EXPECT_TRUE(launchd_.enable(unit_));
  EXPECT_TRUE(launchd_.start(unit_));
}

TEST_F(LaunchdAgent, IsGoneOnceStopped) {
  fake_.slowness = 3;
  EXPECT_TRUE(launchd_.start(unit_));
  EXPECT_TRUE(launchd_.stop(unit_));
  EXPECT_EQ(launchd_.observe(unit_)->state, ServiceState::stopped);
  EXPECT_TRUE(launchd_.observe(unit_)->enabled);
  EXPECT_TRUE(launchd_.stop(unit_));
}

TEST_F(LaunchdAgent, WaitsForItsNextTryAfterAFailure) {
  fake_.start = [](const Written&) { return FakeLaunchd::Process{0, 4}; };
  EXPECT_TRUE(launchd_.start(unit_));
  const auto seen = launchd_.observe(unit_);
  EXPECT_EQ(seen->state, ServiceState::waiting);
  EXPECT_EQ(seen->last_end->number, 4);
  EXPECT_FALSE(seen->last_end->killed);
}

TEST_F(LaunchdAgent, TellsOfTheSignalThatKilledIt) {
  fake_.start = [](const Written&) { return FakeLaunchd::Process{0, -9}; };
  EXPECT_TRUE(launchd_.start(unit_));
  EXPECT_TRUE(launchd_.observe(unit_)->last_end->killed);
  EXPECT_EQ(launchd_.observe(unit_)->last_end->number, 9);
}

TEST_F(LaunchdAgent, StaysDownAfterAnEndThatTryingAgainCannotMend) {
  fake_.start = [](const Written&) { return FakeLaunchd::Process{0, 0}; };
  EXPECT_TRUE(launchd_.start(unit_));
  EXPECT_EQ(launchd_.observe(unit_)->state, ServiceState::stopped);
}

TEST_F(LaunchdAgent, NeedsAScreen) {
  EXPECT_EQ(launchd_.folder(), temp_ / "Library/LaunchAgents");
  fake_.has_screen = false;
  EXPECT_EQ(launchd_.folder().error().code, Errc::no_service_manager);
  EXPECT_THAT(launchd_.folder().error().message(), HasSubstr("log in there"));
}

TEST_F(LaunchdAgent, ShowsTheEndOfItsLog) {
  EXPECT_EQ(*launchd_.log_end("api", {2, std::nullopt}), "");
  EXPECT_TRUE(launchd_.enable(unit_));
  temp_.write("Library/Logs/cordon/api.log", "one\ntwo\nthree\n");
  EXPECT_EQ(*launchd_.log_end("api", {2, std::nullopt}), "two\nthree\n");
  EXPECT_EQ(*launchd_.log_end("api", {20, std::nullopt}), "one\ntwo\nthree\n");
  const LogMark mark = launchd_.mark_log("api");
  temp_.write("Library/Logs/cordon/api.log", "one\ntwo\nthree\nfour\n");
  EXPECT_EQ(*launchd_.log_end("api", {20, mark}), "four\n");
  temp_.write("Library/Logs/cordon/api.log", "anew\n");
  EXPECT_EQ(*launchd_.log_end("api", {20, mark}), "anew\n");
  EXPECT_THAT(*launchd_.log_command("api", 5, LogFollow::yes),
              ElementsAre("/usr/bin/tail", "-n", "5", "-F", (temp_ / "Library/Logs/cordon/api.log").native()));
}

TEST_F(LaunchdAgent, DropsALogThatItMade) {
  const LogMark before = launchd_.mark_log("api");
  EXPECT_TRUE(launchd_.enable(unit_));
  temp_.write("Library/Logs/cordon/api.log", "one\n");
  launchd_.drop_log("api", launchd_.mark_log("api"));
  EXPECT_TRUE(std::filesystem::exists(temp_ / "Library/Logs/cordon/api.log"));
  launchd_.drop_log("api", before);
  EXPECT_FALSE(std::filesystem::exists(temp_ / "Library/Logs/cordon"));
}

}  // namespace
}  // namespace cordon::service
