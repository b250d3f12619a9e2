#include "service/definition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::service {
namespace {

using testing::Contains;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

constexpr const char* kConfig = "/home/me/project/cordon.toml";

TEST(Definition, TakesPathAndPlacesFromTheEnvironment) {
  const Variables taken = service_environment({{"PATH", "/opt/op/bin:/usr/bin"},
                                               {"XDG_CONFIG_HOME", "/home/me/config"},
                                               {"PASSWORD_STORE_DIR", "/home/me/passwords"},
                                               {"GNUPGHOME", "relative"}},
                                              kConfig);
  EXPECT_THAT(taken, Contains(Pair("PATH", StartsWith("/opt/op/bin:/usr/bin:"))));
  EXPECT_THAT(taken, Contains(Pair("XDG_CONFIG_HOME", "/home/me/config")));
  EXPECT_THAT(taken, Contains(Pair("PASSWORD_STORE_DIR", "/home/me/passwords")));
  EXPECT_EQ(taken.size(), 3U);
}

// The file is readable by others.
TEST(Definition, TakesNoCredential) {
  const Variables taken = service_environment({{"PATH", "/usr/bin"},
                                               {"OP_SERVICE_ACCOUNT_TOKEN", "canary"},
                                               {"VAULT_TOKEN", "canary"},
                                               {"AWS_SECRET_ACCESS_KEY", "canary"},
                                               {"HTTPS_PROXY", "http://a:canary@127.0.0.1:1"}},
                                              kConfig);
  EXPECT_EQ(taken.size(), 1U);
}

TEST(Definition, LeavesOutFoldersThatAreNotAbsoluteOrNotText) {
  const Variables taken = service_environment({{"PATH", ".:/a b::bin:/a b:/c\nd:/e\xff:/usr/bin"}}, kConfig);
  EXPECT_THAT(taken.at(0).second, StartsWith("/a b:/usr/bin:/usr/local/bin:/bin"));
}

TEST(Definition, LeavesOutWhatLiesInTheFolderOfTheConfig) {
  const Variables taken =
      service_environment({{"PATH", "/home/me/project:/home/me/project/.venv/bin:/home/me/projects"},
                           {"GNUPGHOME", "/home/me/project/gnupg"},
                           {"PASSWORD_STORE_DIR", "/home/me/store"}},
                          kConfig);
  EXPECT_THAT(taken.at(0).second, StartsWith("/home/me/projects:/usr/local/bin"));
  EXPECT_THAT(taken, Not(Contains(Pair("GNUPGHOME", testing::_))));
  EXPECT_THAT(taken, Contains(Pair("PASSWORD_STORE_DIR", "/home/me/store")));
}

TEST(Definition, FindsProgramsWithoutAnyPath) {
  EXPECT_THAT(service_environment({}, kConfig).at(0).second, StartsWith("/usr/local/bin:/usr/bin:/bin"));
}

TEST(Definition, RefusesWhatNoFileCanSay) {
  const Definition good{"api", "/usr/bin/cordon", "/home/me/b\xc3\xa4r.toml", {}};
  EXPECT_TRUE(check_definition(good));
  for (const char* path : {"relative", "/line\nbreak", "/tab\there", "/del\x7f", "/bell\a", "/latin\xe4",
                           "/surrogate\xed\xa0\x80", "/overlong\xc0\xaf", "/cut\xe2\x82", "/beyond\xf4\x90\x80\x80"}) {
    Definition bad = good;
    bad.config = path;
    EXPECT_EQ(check_definition(bad).error().code, Errc::config_invalid) << path;
    bad = good;
    bad.program = path;
    EXPECT_EQ(check_definition(bad).error().code, Errc::config_invalid) << path;
  }
}

TEST(Definition, KnowsTheNamesThatServicesCanHave) {
  for (const char* name : {"a", "api-proxy", "x.y_z-0", "0", "project-1234abcd"})
    EXPECT_TRUE(check_service_name(name)) << name;
  const std::string long_name(65, 'a');
  for (const char* name : {"", "-a", ".a", "a b", "a/b", "a@b", "a%b", "\xc3\xa4", "a\n", long_name.c_str()})
    EXPECT_EQ(check_service_name(name).error().code, Errc::config_invalid) << name;
}

}  // namespace
}  // namespace cordon::service
