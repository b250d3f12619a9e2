#include "service/property_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/service/weird_paths.hpp"

namespace cordon::service {
namespace {

using testing::HasSubstr;

Definition definition(const std::filesystem::path& program = "/usr/local/bin/cordon",
                      const std::filesystem::path& config = "/Users/me/cordon.toml") {
  return {"api", program, config, {{"PATH", "/usr/bin:/bin"}}};
}

TEST(PropertyList, ReadsBackWhatItWrote) {
  for (const std::string& name : weird_names()) {
    const Definition wanted = definition("/opt/" + name + "/cordon", "/Users/" + name + "/" + name + ".toml");
    EXPECT_EQ(read_property_list(compose_property_list(wanted, "/tmp/log")), (Written{wanted.program, wanted.config}))
        << name;
  }
}

TEST(PropertyList, KnowsTheListsOfOthers) {
  EXPECT_EQ(read_property_list(""), std::nullopt);
  std::string foreign = compose_property_list(definition(), "/tmp/log");
  foreign.erase(foreign.find("<!--"), foreign.find("-->") + 3 - foreign.find("<!--"));
  EXPECT_EQ(read_property_list(foreign), std::nullopt);
  std::string other = compose_property_list(definition(), "/tmp/log");
  other.replace(other.find("--config"), 8, "--colour");
  EXPECT_EQ(read_property_list(other), std::nullopt);
}

/// Python's own reader of property lists, which raises on a faulty one (plutil's free cousins accept those).
class LoadedPropertyList : public testing::Test {
 protected:
  void SetUp() override {
    if (run_command("/usr/bin/python3 --version").status != 0)
      GTEST_SKIP() << "skipped: /usr/bin/python3, which reads the lists, is not installed";
    write_text(temp_.path() / "show.py",
               "import plistlib, sys\n"
               "for key in sys.argv[2:]:\n"
               "    value = plistlib.load(open(sys.argv[1], 'rb'))\n"
               "    for part in key.split('/'):\n"
               "        value = value[int(part) if part.isdigit() else part]\n"
               "    sys.stdout.buffer.write(str(value).encode() + b'\\n')\n");
  }

  /// The values at `keys`, one a line, or what went wrong.
  std::string load(const std::string& list, const std::string& keys) const {
    write_text(temp_.path() / "a.plist", list);
    return run_command(fmt::format("/usr/bin/python3 {0}/show.py {0}/a.plist {1}", temp_.path().native(), keys)).output;
  }

  test::TempDir temp_;
};

// L4
TEST_F(LoadedPropertyList, HasEveryPathAsItIs) {
  for (const std::string& name : weird_names()) {
    Definition wanted = definition("/opt/" + name + "/cordon", "/Users/" + name + ".toml");
    wanted.environment.emplace_back("PASSWORD_STORE_DIR", "/store/" + name);
    EXPECT_EQ(
        load(compose_property_list(wanted, "/logs/" + name),
             "ProgramArguments/0 ProgramArguments/1 ProgramArguments/2 ProgramArguments/3 "
             "EnvironmentVariables/PASSWORD_STORE_DIR StandardErrorPath StandardOutPath"),
        fmt::format("/opt/{0}/cordon\nstart\n--config\n/Users/{0}.toml\n/store/{0}\n/logs/{0}\n/logs/{0}\n", name));
  }
}

TEST_F(LoadedPropertyList, StartsAtLoginAndAfterFailuresOnly) {
  EXPECT_EQ(load(compose_property_list(definition(), "/logs/api.log"),
                 "Label RunAtLoad KeepAlive ThrottleInterval EnvironmentVariables Umask"),
            "io.codezero.cordon.api\nTrue\n{'SuccessfulExit': False}\n10\n"
            "{'PATH': '/usr/bin:/bin', 'CORDON_SUPERVISOR': 'launchd'}\n63\n");
}

TEST_F(LoadedPropertyList, IsJudgedAtAll) {
  EXPECT_THAT(load("<plist version=\"1.0\"><dict><key>a</key><string>b & c</string></dict></plist>", "a"),
              HasSubstr("Error"));
}

}  // namespace
}  // namespace cordon::service
