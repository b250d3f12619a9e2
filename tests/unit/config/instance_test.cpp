#include <cordon/instance.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "support/temp_dir.hpp"

namespace cordon::config {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class InstanceTest : public ::testing::Test {
 protected:
  test::TempDir folder_;
  fs::path home_ = folder_.path() / "home";
  fs::path project_ = folder_.path() / "myapp";

  void SetUp() override { fs::create_directories(project_); }

  InstanceRequest request() const {
    return {.config = std::nullopt, .scope = std::nullopt, .working_directory = project_, .config_home = home_};
  }
  Result<Instance> resolve_config(const fs::path& config) const {
    InstanceRequest asked = request();
    asked.config = config;
    return Instance::resolve(asked);
  }
  Result<Instance> resolve_scope(Scope scope) const {
    InstanceRequest asked = request();
    asked.scope = scope;
    return Instance::resolve(asked);
  }
};

TEST_F(InstanceTest, DefaultsToTheProjectInTheWorkingDirectory) {
  const auto instance = Instance::resolve(request());
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->scope, Scope::project);
  EXPECT_EQ(instance->config, project_ / "cordon.toml");
  EXPECT_THAT(instance->name, MatchesRegex("myapp-[0-9a-f]{8}"));
  const fs::path state = home_ / "cordon/projects" / instance->name;
  EXPECT_EQ(instance->state, state);
  EXPECT_EQ(instance->ca.cert, state / "certs/ca-cert.pem");
  EXPECT_EQ(instance->ca.key, state / "certs/ca-key.pem");
  EXPECT_EQ(instance->ca.bundle, state / "certs/combined-ca.pem");
  EXPECT_EQ(instance->tokens, state / "tokens.toml");
  EXPECT_EQ(instance->bindings, state / "bindings.toml");
}

TEST_F(InstanceTest, ProjectScopeIsTheDefaultSpelledOut) {
  EXPECT_EQ(resolve_scope(Scope::project)->name, Instance::resolve(request())->name);
}

// The values are those of `printf %s PATH | sha256sum`, so that other programs and versions find the same folder.
TEST_F(InstanceTest, TheNameHashesTheFoldersPath) {
  InstanceRequest asked = request();
  asked.working_directory = "/";
  EXPECT_EQ(Instance::resolve(asked)->name, "root-8a5edab2");
  asked.working_directory = "/usr";
  EXPECT_EQ(Instance::resolve(asked)->name, "usr-894d731f");
  asked.config = "api-cordon.toml";
  EXPECT_EQ(Instance::resolve(asked)->name, "api-cordon-09813c30");
}

TEST_F(InstanceTest, FilesOfOtherNamesAreInstancesOfTheirOwn) {
  const auto api = resolve_config("api-cordon.toml");
  const auto db = resolve_config("db-cordon.toml");
  ASSERT_TRUE(api && db);
  EXPECT_THAT(api->name, MatchesRegex("api-cordon-[0-9a-f]{8}"));
  EXPECT_THAT(db->name, MatchesRegex("db-cordon-[0-9a-f]{8}"));
  EXPECT_NE(api->name.substr(11), db->name.substr(10));
}

TEST_F(InstanceTest, TheSameFileHasOneNameHoweverItIsGiven) {
  fs::create_directory(project_ / "sub");
  const auto expected = Instance::resolve(request())->name;
  EXPECT_EQ(resolve_config("cordon.toml")->name, expected);
  EXPECT_EQ(resolve_config("./sub/../cordon.toml")->name, expected);
  EXPECT_EQ(resolve_config(project_ / "cordon.toml")->name, expected);
}

TEST_F(InstanceTest, ResolvesSymlinksOfTheFolder) {
  fs::create_directory_symlink(project_, folder_.path() / "link");
  const auto instance = resolve_config(folder_.path() / "link/cordon.toml");
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->config, project_ / "cordon.toml");
  EXPECT_EQ(instance->name, Instance::resolve(request())->name);
}

TEST_F(InstanceTest, KeepsSymlinksOfTheFile) {
  std::ofstream(folder_.path() / "shared.toml") << "listen = 1\n";
  fs::create_symlink(folder_.path() / "shared.toml", project_ / "cordon.toml");
  EXPECT_EQ(Instance::resolve(request())->config, project_ / "cordon.toml");
}

TEST_F(InstanceTest, ReplacesOddBytesInNames) {
  const fs::path odd = folder_.path() / "my app\xC3\xBC$";
  fs::create_directory(odd);
  EXPECT_THAT(resolve_config(odd / "cordon.toml")->name, MatchesRegex("my_app___-[0-9a-f]{8}"));
}

TEST_F(InstanceTest, CutsLongNamesAt32BeforeTheHash) {
  const fs::path longer = folder_.path() / std::string(40, 'a');
  fs::create_directory(longer);
  const std::string name = resolve_config(longer / "cordon.toml")->name;
  EXPECT_EQ(name.size(), 32U + 1U + 8U);
  EXPECT_THAT(name, StartsWith(std::string(32, 'a') + "-"));
}

TEST_F(InstanceTest, UserScopeLiesInTheConfigHomeAndNeedNotExist) {
  const auto instance = resolve_scope(Scope::user);
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->scope, Scope::user);
  EXPECT_EQ(instance->name, "user");
  EXPECT_EQ(instance->config, home_ / "cordon/cordon.toml");
  EXPECT_EQ(instance->state, home_ / "cordon/user");
  EXPECT_EQ(instance->ca.cert, home_ / "cordon/user/certs/ca-cert.pem");
  EXPECT_EQ(instance->tokens, home_ / "cordon/user/tokens.toml");
}

TEST_F(InstanceTest, NamingTheUserScopesFileMeansUserScope) {
  fs::create_directories(home_ / "cordon");
  fs::create_directory_symlink(home_, folder_.path() / "link");
  for (const fs::path& config : {home_ / "cordon/cordon.toml", folder_.path() / "link/cordon/cordon.toml"}) {
    const auto instance = resolve_config(config);
    ASSERT_TRUE(instance);
    EXPECT_EQ(instance->scope, Scope::user) << config;
    EXPECT_EQ(instance->state, home_ / "cordon/user");
  }
  EXPECT_EQ(resolve_config(home_ / "cordon/other.toml")->scope, Scope::project);
}

TEST_F(InstanceTest, NamingTheUserScopesFileMeansUserScopeBeforeItsFolderExists) {
  const auto instance = resolve_config(home_ / "cordon/cordon.toml");
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->scope, Scope::user);
  EXPECT_EQ(instance->config, home_ / "cordon/cordon.toml");
}

TEST_F(InstanceTest, WorkingInTheUserScopesFolderMeansUserScope) {
  fs::create_directories(home_ / "cordon");
  InstanceRequest asked = request();
  asked.working_directory = home_ / "cordon";
  EXPECT_EQ(Instance::resolve(asked)->scope, Scope::user);
}

TEST_F(InstanceTest, RefusesConfigAndScopeTogether) {
  InstanceRequest asked = request();
  asked.config = "cordon.toml";
  asked.scope = Scope::project;
  const auto instance = Instance::resolve(asked);
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().code, Errc::config_invalid);
  EXPECT_THAT(instance.error().message(), HasSubstr("exclude each other"));
}

TEST_F(InstanceTest, RefusesAFolderThatDoesNotExist) {
  const auto instance = resolve_config("no-such/cordon.toml");
  ASSERT_FALSE(instance);
  EXPECT_EQ(instance.error().code, Errc::config_invalid);
  EXPECT_THAT(instance.error().message(), HasSubstr("no-such does not exist"));
  std::ofstream(project_ / "file") << "";
  EXPECT_FALSE(resolve_config("file/cordon.toml"));
}

TEST_F(InstanceTest, RefusesAFolderInPlaceOfAFile) {
  for (const char* config : {".", "..", "/", "./", ""}) {
    const auto instance = resolve_config(config);
    ASSERT_FALSE(instance) << config;
    EXPECT_THAT(instance.error().message(), HasSubstr("name the file in it")) << config;
  }
  EXPECT_FALSE(resolve_config(project_));
}

TEST_F(InstanceTest, RefusesRelativeFolders) {
  InstanceRequest asked = request();
  asked.config_home = "";
  EXPECT_THAT(Instance::resolve(asked).error().message(), HasSubstr("set HOME"));
  asked = request();
  asked.working_directory = "myapp";
  EXPECT_FALSE(Instance::resolve(asked));
}

TEST_F(InstanceTest, ChangesNothing) {
  ASSERT_TRUE(Instance::resolve(request()));
  EXPECT_FALSE(fs::exists(home_));
}

/// Sets a variable, or removes it, for as long as the object lives.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    set(value);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() { set(before_ ? before_->c_str() : nullptr); }

 private:
  void set(const char* value) const { value == nullptr ? ::unsetenv(name_) : ::setenv(name_, value, 1); }

  const char* name_;
  std::optional<std::string> before_;
};

TEST(DefaultConfigHome, IsXdgConfigHome) {
  const ScopedVariable xdg("XDG_CONFIG_HOME", "/xdg");
  EXPECT_EQ(default_config_home(), "/xdg");
}

TEST(DefaultConfigHome, IsBelowHomeWithoutAnAbsoluteXdgConfigHome) {
  const ScopedVariable home("HOME", "/home/me");
  for (const char* value : {static_cast<const char*>(nullptr), "", "relative"}) {
    const ScopedVariable xdg("XDG_CONFIG_HOME", value);
    EXPECT_EQ(default_config_home(), "/home/me/.config");
  }
}

TEST(DefaultConfigHome, AsksTheUserDatabaseWithoutHome) {
  const ScopedVariable xdg("XDG_CONFIG_HOME", nullptr);
  const ScopedVariable home("HOME", nullptr);
  EXPECT_EQ(default_config_home().filename(), ".config");
  EXPECT_TRUE(default_config_home().is_absolute());
}

}  // namespace
}  // namespace cordon::config
