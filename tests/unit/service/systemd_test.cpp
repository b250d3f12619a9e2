// How systemctl is called, and what is made of its refusals; a real one is in tests/integration/test_service.py.
#include "service/systemd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace cordon::service {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A systemctl whose answer is `answer` whatever it is asked.
Systemd answering(Result<ProgramOutput> answer, std::vector<std::string>* asked = nullptr) {
  return {{{"HOME", "/home/me"}, {"PATH", "/usr/bin"}, {"XDG_CONFIG_HOME", "/home/me/xdg"}},
          [answer, asked](const std::vector<std::string>& argv, std::chrono::milliseconds) {
            if (asked != nullptr) asked->push_back(fmt::format("{}", fmt::join(argv, " ")));
            return answer;
          }};
}

TEST(Systemd, KnowsItsUnitsByTheirNames) {
  const Systemd systemd = answering(ProgramOutput{});
  EXPECT_EQ(systemd.label("api"), "cordon-api.service");
  EXPECT_EQ(systemd.name_of("cordon-api.service"), "api");
  EXPECT_EQ(systemd.name_of("cordon-.service"), std::nullopt);
  EXPECT_EQ(systemd.name_of("cordon-api.timer"), std::nullopt);
  EXPECT_EQ(systemd.name_of("other.service"), std::nullopt);
}

TEST(Systemd, WritesWhereTheManagerLooks) {
  const auto folder = [](std::string_view path) {
    return answering(ProgramOutput{0, fmt::format("Version=252.38\nUnitPath={}\n", path), {}}).folder();
  };
  EXPECT_EQ(folder("/home/me/xdg/systemd/user /etc/systemd/user"), "/home/me/xdg/systemd/user");
  EXPECT_EQ(folder("/home/me/.config/systemd/user /etc/systemd/user"), "/home/me/.config/systemd/user");
  EXPECT_EQ(folder("/etc/systemd/user").error().code, Errc::no_service_manager);
}

TEST(Systemd, SaysWhatToDoWithoutAManager) {
  for (const char* words : {"Failed to connect to bus: No medium found\n",
                            "Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined\n",
                            "System has not been booted with systemd as init system (PID 1). Can't operate.\n",
                            "Failed to get properties: Process org.freedesktop.systemd1 exited with status 1\n"}) {
    const auto folder = answering(ProgramOutput{1, {}, words}).folder();
    EXPECT_EQ(folder.error().code, Errc::no_service_manager) << words;
    EXPECT_THAT(folder.error().message(), HasSubstr("loginctl enable-linger"));
  }
  EXPECT_EQ(answering(fail(Errc::file_missing, "no systemctl")).folder().error().code, Errc::no_service_manager);
}

TEST(Systemd, PassesOnWhatTheManagerSays) {
  const Unit unit{"api", "/home/me/.config/systemd/user/cordon-api.service"};
  const auto enabled =
      answering(ProgramOutput{1, {}, "Failed to enable unit: Unit file is masked.\nmore\n"}).enable(unit);
  EXPECT_EQ(enabled.error().code, Errc::service_failed);
  EXPECT_THAT(enabled.error().message(), HasSubstr("Unit file is masked."));
  EXPECT_THAT(enabled.error().message(), Not(HasSubstr("more")));
}

TEST(Systemd, StopsBeforeItStarts) {
  std::vector<std::string> asked;
  const Systemd systemd = answering(ProgramOutput{0, "ActiveState=active\n", {}}, &asked);
  EXPECT_TRUE(systemd.start({"api", "/x"}));
  const auto at = [&asked](std::string_view what) {
    return std::ranges::find_if(asked, [what](const std::string& words) { return words.contains(what); }) -
           asked.begin();
  };
  EXPECT_LT(at(" stop cordon-api.service"), at(" start --no-block cordon-api.service"));
  EXPECT_THAT(asked, testing::Each(StartsWith("systemctl --user ")));
}

TEST(Systemd, GivesSystemctlOnlyWhatItFindsTheManagerBy) {
  const auto given =
      systemctl_environment({{"HOME", "/home/me"}, {"XDG_RUNTIME_DIR", "/run/user/7"}, {"KEY", "canary"}});
  EXPECT_THAT(given, Contains("XDG_RUNTIME_DIR=/run/user/7"));
  EXPECT_THAT(given, Contains("HOME=/home/me"));
  EXPECT_THAT(given, Not(Contains(HasSubstr("canary"))));
}

TEST(Systemd, ShowsTheLogOfTheUnitOnly) {
  std::vector<std::string> asked;
  const Systemd systemd = answering(ProgramOutput{0, "a line\n", {}}, &asked);
  EXPECT_EQ(*systemd.log_end("api", {7, LogMark{std::chrono::system_clock::from_time_t(1700000000)}}), "a line\n");
  EXPECT_THAT(asked.at(0), HasSubstr(" --lines=7 --user-unit=cordon-api.service "));
  EXPECT_THAT(asked.at(0), HasSubstr(" --since=@1700000000"));
  EXPECT_THAT(asked.at(0), HasSubstr(" _TRANSPORT=stdout"));
  ASSERT_TRUE(systemd.log_end("api", {}));
  EXPECT_THAT(asked.at(1), Not(HasSubstr("_TRANSPORT")));  // as in what log_command shows
}

TEST(Systemd, TellsWhyThereIsNoLog) {
  EXPECT_EQ(answering(fail(Errc::file_missing)).log_end("api", {}).error().code, Errc::file_missing);
  const auto refused = answering(ProgramOutput{1, {}, "No journal files were opened\n"}).log_end("api", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::service_failed);
  EXPECT_THAT(refused.error().context, HasSubstr("No journal files"));
  EXPECT_EQ(*answering(ProgramOutput{1, {}, {}}).log_end("api", {}), "");
}

TEST(Systemd, KnowsWhetherTheUserLingers) {
  EXPECT_EQ(answering(ProgramOutput{0, "yes\n", {}}).linger(), Linger::yes);
  EXPECT_EQ(answering(ProgramOutput{0, "no\n", {}}).linger(), Linger::no);
  EXPECT_EQ(answering(ProgramOutput{1, {}, "Failed to connect to bus\n"}).linger(), Linger::unknown);
}

}  // namespace
}  // namespace cordon::service
