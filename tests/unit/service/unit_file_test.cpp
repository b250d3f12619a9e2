#include "service/unit_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <fmt/format.h>

#include "unit/service/weird_paths.hpp"

namespace cordon::service {
namespace {

using testing::HasSubstr;
using testing::Not;

Definition definition(const std::filesystem::path& program = "/usr/bin/cordon",
                      const std::filesystem::path& config = "/home/me/cordon.toml") {
  return {"api", program, config, {{"PATH", "/usr/bin:/bin"}}};
}

TEST(UnitFile, RunsStartAndReloadOfThatConfig) {
  const std::string unit = compose_unit(definition(), 252);
  EXPECT_THAT(unit, HasSubstr("\nExecStart=\":/usr/bin/cordon\" start --config \"/home/me/cordon.toml\"\n"));
  EXPECT_THAT(unit, HasSubstr("\nExecReload=\":/usr/bin/cordon\" reload --config \"/home/me/cordon.toml\"\n"));
  EXPECT_THAT(unit, HasSubstr("\nEnvironment=\"PATH=/usr/bin:/bin\"\n"));
  EXPECT_THAT(unit, HasSubstr("\nType=notify\n"));
  EXPECT_THAT(unit, HasSubstr("\nWantedBy=default.target\n"));
}

TEST(UnitFile, TriesAgainForEverButNotWhatCannotMendItself) {
  const std::string unit = compose_unit(definition(), 252);
  EXPECT_THAT(unit, HasSubstr("\nRestart=on-failure\n"));
  EXPECT_THAT(unit, HasSubstr("\nRestartPreventExitStatus=1 2\n"));
  EXPECT_THAT(unit, HasSubstr("\nStartLimitIntervalSec=0\n"));
}

TEST(UnitFile, BacksOffWhereTheManagerCan) {
  EXPECT_THAT(compose_unit(definition(), 253), Not(HasSubstr("RestartSteps")));
  EXPECT_THAT(compose_unit(definition(), 254), HasSubstr("\nRestartSteps=5\nRestartMaxDelaySec=30s\n"));
}

TEST(UnitFile, AllowsTheSocketsThatThePeerCheckNeeds) {
  EXPECT_THAT(compose_unit(definition(), 252),
              HasSubstr("\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n"));
}

// A program's path with quotes or backslashes is one that systemd refuses even when they are escaped.
TEST(UnitFile, RunsAProgramWithQuotesThroughAShell) {
  EXPECT_THAT(compose_unit(definition("/a/it's \"x\"/cordon"), 252),
              HasSubstr(R"(ExecStart=:/bin/sh -c "exec \"$0\" \"$@\"" "/a/it's \"x\"/cordon" start --config)"));
}

TEST(UnitFile, QuotesWhatHasAMeaning) {
  EXPECT_EQ(quote_for_unit("plain"), "\"plain\"");
  EXPECT_EQ(quote_for_unit("a b"), "\"a b\"");
  EXPECT_EQ(quote_for_unit("100%"), "\"100%%\"");
  EXPECT_EQ(quote_for_unit("say \"hi\""), "\"say \\\"hi\\\"\"");
  EXPECT_EQ(quote_for_unit("back\\slash"), "\"back\\\\slash\"");
  EXPECT_EQ(quote_for_unit("$HOME"), "\"$HOME\"");
}

TEST(UnitFile, ReadsBackWhatItWrote) {
  for (const std::string& name : weird_names()) {
    const Definition wanted = definition("/opt/" + name + "/cordon", "/home/" + name + "/" + name + ".toml");
    EXPECT_EQ(read_unit(compose_unit(wanted, 252)), (Written{wanted.program, wanted.config})) << name;
  }
}

TEST(UnitFile, ReadsBackWhatWasAddedToByHand) {
  const std::string unit = compose_unit(definition(), 252) + "[Service]\nEnvironment=A=b\n";
  EXPECT_EQ(read_unit(unit), (Written{"/usr/bin/cordon", "/home/me/cordon.toml"}));
}

TEST(UnitFile, KnowsTheUnitsOfOthers) {
  EXPECT_EQ(read_unit(""), std::nullopt);
  EXPECT_EQ(read_unit("[Service]\nExecStart=/usr/bin/cordon start --config /home/me/cordon.toml\n"), std::nullopt);
  EXPECT_EQ(read_unit("[Unit]\n\n[X-Cordon]\nProgram=\"/a\"\n"), std::nullopt);
  EXPECT_EQ(read_unit("[Unit]\n\n[X-Cordon]\nProgram=/a\nConfig=/b\n"), std::nullopt);
}

class VerifiedUnitFile : public testing::Test {
 protected:
  void SetUp() override {
    if (run_command("systemd-analyze --version").status != 0)
      GTEST_SKIP() << "skipped: systemd-analyze, which judges the units, is not installed";
  }

  /// What systemd-analyze says of the unit. It exits with 0 whatever it finds.
  std::string verify(const std::string& unit) const {
    write_text(temp_.path() / "cordon-api.service", unit);
    // Without a runtime folder it does not come up at all.
    const std::string runtime = temp_.path().native() + "/run";
    return run_command(fmt::format("mkdir -p -m 700 {0}; XDG_RUNTIME_DIR={0} HOME={1} systemd-analyze verify --user "
                                   "{1}/cordon-api.service",
                                   runtime, temp_.path().native()))
        .output;
  }

  test::TempDir temp_;
};

// L4
TEST_F(VerifiedUnitFile, IsAcceptedWithoutAWordForEveryPath) {
  for (const std::string& name : weird_names()) {
    const std::filesystem::path folder = temp_.path() / name;
    std::filesystem::create_directories(folder);
    Definition wanted = definition(make_program(folder / "cordon"), folder / "cordon.toml");
    wanted.environment.emplace_back("PASSWORD_STORE_DIR", folder.native());
    EXPECT_EQ(verify(compose_unit(wanted, 252)), "") << name;
  }
}

TEST_F(VerifiedUnitFile, IsJudgedAtAll) {
  EXPECT_THAT(verify("[Service]\nExecStart=/bin/true\nNoSuchSetting=1\n"), HasSubstr("NoSuchSetting"));
}

}  // namespace
}  // namespace cordon::service
