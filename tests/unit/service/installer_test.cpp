// The installer over the fake launchd; tests/integration/test_service.py has it over a real systemd.
#include "service/installer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "service/launchd.hpp"
#include "support/temp_dir.hpp"
#include "unit/service/fake_launchd.hpp"

namespace cordon::service {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class ServiceInstaller : public testing::Test {
 protected:
  Installer installer(std::string path = "/usr/bin") {
    const Environment environment = {{"HOME", temp_.path().native()}, {"PATH", path}};
    return {std::make_unique<Launchd>(environment, fake_.runner(), 501), environment};
  }

  fs::path file(std::string_view name) const {
    return temp_ / fmt::format("Library/LaunchAgents/io.codezero.cordon.{}.plist", name);
  }
  std::string content(std::string_view name) const { return base::read_file(file(name), 1U << 20U).value_or("none"); }

  static Result<> ready(const std::function<bool()>& given_up) {
    return given_up() ? fail(Errc::cancelled) : Result<>();
  }
  static Result<> never_ready(const std::function<bool()>&) { return fail(Errc::timed_out, "nothing answers"); }
  static ServiceRequest request(std::string name, fs::path config = "/home/me/cordon.toml") {
    return {std::move(name), "/usr/local/bin/cordon", std::move(config)};
  }
  void fail_to_start(int status) {
    fake_.start = [status](const Written&) { return FakeLaunchd::Process{0, status}; };
  }

  test::TempDir temp_;
  FakeLaunchd fake_;
};

TEST_F(ServiceInstaller, WritesStartsAndTells) {
  const auto report = installer().install(request("api"), ready);
  ASSERT_TRUE(report) << report.error().error.message();
  EXPECT_EQ(report->change, InstallChange::installed);
  EXPECT_EQ(report->status.state, ServiceState::running);
  EXPECT_EQ(report->status.config, "/home/me/cordon.toml");
  EXPECT_EQ(report->status.label, "io.codezero.cordon.api");
  EXPECT_EQ(report->status.file, file("api"));
  EXPECT_EQ(fs::status(file("api")).permissions(), fs::perms(0644));
}

TEST_F(ServiceInstaller, DoesNothingTheSecondTime) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  const auto calls = fake_.calls;
  const auto report = installer().install(request("api"), ready);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->change, InstallChange::unchanged);
  EXPECT_EQ(fake_.calls, calls);
}

TEST_F(ServiceInstaller, StartsWhatIsInstalledAndDown) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  ASSERT_TRUE(installer().stop("api"));
  const auto report = installer().install(request("api"), ready);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->change, InstallChange::unchanged);
  EXPECT_EQ(report->status.state, ServiceState::running);
}

TEST_F(ServiceInstaller, BringsTheFileUpToDateAndRestarts) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  const auto report = installer("/opt/op/bin:/usr/bin").install(request("api"), ready);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->change, InstallChange::updated);
  EXPECT_EQ(report->status.pid, 4001);
  EXPECT_THAT(content("api"), HasSubstr("/opt/op/bin"));
}

// L5
TEST_F(ServiceInstaller, LeavesNothingWhenItDoesNotStart) {
  fail_to_start(4);
  temp_.write("before", "");
  const auto report = installer().install(request("api"), ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error.code, Errc::service_failed);
  EXPECT_THAT(report.error().error.message(), HasSubstr("ended with status 4"));
  EXPECT_EQ(report.error().end->number, 4);
  EXPECT_THAT(report.error().not_undone, IsEmpty());
  EXPECT_THAT(fake_.loaded, IsEmpty());
  EXPECT_FALSE(fs::exists(temp_ / "Library/LaunchAgents"));
}

TEST_F(ServiceInstaller, LeavesNothingWhenItIsNeverReady) {
  const auto report = installer().install(request("api"), never_ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error.code, Errc::timed_out);
  EXPECT_FALSE(report.error().end);
  EXPECT_THAT(fake_.loaded, IsEmpty());
  EXPECT_FALSE(fs::exists(file("api")));
}

TEST_F(ServiceInstaller, ShowsTheLogOfWhatDidNotStart) {
  fake_.start = [this](const Written&) {
    temp_.write("Library/Logs/cordon/api.log", "cordon: error: port 6790 is taken\n");
    return FakeLaunchd::Process{0, 1};
  };
  const auto report = installer().install(request("api"), ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().log, "cordon: error: port 6790 is taken\n");
  EXPECT_FALSE(fs::exists(temp_ / "Library/Logs/cordon"));
}

TEST_F(ServiceInstaller, PutsTheOldServiceBackWhenTheNewOneDoesNotStart) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  const std::string before = content("api");
  fake_.start = [this](const Written&) {
    return content("api").contains("/opt/op/bin") ? FakeLaunchd::Process{0, 1} : FakeLaunchd::Process{5000, 0};
  };
  const auto report = installer("/opt/op/bin").install(request("api"), ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(content("api"), before);
  EXPECT_EQ(installer().status("api")->pid, 5000);
}

TEST_F(ServiceInstaller, RefusesTheNameOfAnotherConfigsService) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  const std::string before = content("api");
  const auto report = installer().install(request("api", "/home/me/other.toml"), ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error.code, Errc::service_taken);
  EXPECT_THAT(report.error().error.message(), HasSubstr("/home/me/cordon.toml"));
  EXPECT_THAT(report.error().error.message(), HasSubstr("cordon service uninstall api"));
  EXPECT_EQ(content("api"), before);
}

TEST_F(ServiceInstaller, RefusesASecondServiceForOneConfig) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  const auto report = installer().install(request("again"), ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error.code, Errc::service_taken);
  EXPECT_FALSE(fs::exists(file("again")));
}

TEST_F(ServiceInstaller, RefusesAFileThatItDidNotWrite) {
  fs::create_directories(file("api").parent_path());
  temp_.write("Library/LaunchAgents/io.codezero.cordon.api.plist", "somebody's own");
  const auto report = installer().install(request("api"), ready);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().error.code, Errc::service_taken);
  EXPECT_EQ(installer().uninstall("api").error().code, Errc::service_taken);
  EXPECT_EQ(content("api"), "somebody's own");
}

// L7
TEST_F(ServiceInstaller, RefusesALink) {
  fs::create_directories(file("api").parent_path());
  const fs::path aim = temp_.write("aim", "untouched");
  fs::create_symlink(aim, file("api"));
  EXPECT_EQ(installer().install(request("api"), ready).error().error.code, Errc::service_taken);
  EXPECT_EQ(base::read_file(aim, 100).value(), "untouched");
}

TEST_F(ServiceInstaller, RefusesFoldersThatOthersCanWriteTo) {
  fs::create_directories(file("api").parent_path());
  fs::permissions(file("api").parent_path(), fs::perms::all);
  EXPECT_EQ(installer().install(request("api"), ready).error().error.code, Errc::file_unsafe);
  EXPECT_FALSE(fs::exists(file("api")));
}

TEST_F(ServiceInstaller, RemovesOneAndLeavesTheOthers) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  ASSERT_TRUE(installer().install(request("db", "/home/me/db.toml"), ready));
  EXPECT_EQ(installer().uninstall("api").value(), true);
  EXPECT_FALSE(fs::exists(file("api")));
  EXPECT_THAT(installer().list(), SizeIs(1));
  EXPECT_EQ(installer().find("/home/me/db.toml")->state, ServiceState::running);
  EXPECT_EQ(installer().find("/home/me/cordon.toml"), std::nullopt);
  EXPECT_EQ(installer().uninstall("api").value(), false);
}

TEST_F(ServiceInstaller, StopsStartsAndRestarts) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  EXPECT_TRUE(installer().stop("api"));
  EXPECT_EQ(installer().status("api")->state, ServiceState::stopped);
  EXPECT_TRUE(installer().start("api", ready));
  EXPECT_EQ(installer().status("api")->pid, 4001);
  EXPECT_TRUE(installer().start("api", ready)) << "one that runs is left alone";
  EXPECT_EQ(installer().status("api")->pid, 4001);
  EXPECT_TRUE(installer().restart("api", ready));
  EXPECT_EQ(installer().status("api")->pid, 4002);
}

TEST_F(ServiceInstaller, LeavesWhatFailsToStartToBeTriedAgain) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  fail_to_start(4);
  const auto restarted = installer().restart("api", ready);
  ASSERT_FALSE(restarted);
  EXPECT_EQ(restarted.error().error.code, Errc::service_failed);
  EXPECT_EQ(restarted.error().end->number, 4);
  EXPECT_EQ(installer().status("api")->state, ServiceState::waiting);
}

TEST_F(ServiceInstaller, TellsWhatIsInstalledWhenTheManagerCannotBeAsked) {
  ASSERT_TRUE(installer().install(request("api"), ready));
  const Environment environment = {{"HOME", temp_.path().native()}};
  const Installer blind(
      std::make_unique<Launchd>(
          environment, [](const auto&, auto) -> Result<ProgramOutput> { return fail(Errc::timed_out, "no answer"); },
          501),
      environment);
  const auto status = blind.status("api");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->state, ServiceState::unknown);
  EXPECT_EQ(status->trouble->message(), "no answer");
  EXPECT_EQ(status->config, "/home/me/cordon.toml");
}

TEST_F(ServiceInstaller, KnowsNoServiceThatThereIsNot) {
  EXPECT_EQ(installer().status("api").error().code, Errc::file_missing);
  EXPECT_EQ(installer().start("api", ready).error().error.code, Errc::file_missing);
  EXPECT_EQ(installer().stop("api").error().code, Errc::file_missing);
  EXPECT_EQ(installer().status("../api").error().code, Errc::config_invalid);
  EXPECT_THAT(installer().list(), IsEmpty());
}

}  // namespace
}  // namespace cordon::service
