#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include <cordon/instance.hpp>

#include "support/temp_dir.hpp"

namespace cordon::config {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ControlSockets : public ::testing::Test {
 protected:
  test::TempDir folder_;
  fs::path home_ = folder_.path() / "home";
  fs::path project_ = folder_.path() / "myapp";
  SocketFolders folders_ = {.runtime = "/run/me", .system_runtime = "", .temporary = "/tmp"};
  std::string owner_ = std::to_string(::geteuid());

  void SetUp() override { fs::create_directories(project_); }

  Instance resolve(Scope scope = Scope::project) const {
    InstanceRequest request;
    request.scope = scope;
    request.working_directory = project_;
    request.config_home = home_;
    request.socket_folders = folders_;
    return *Instance::resolve(request);
  }

  static void make_socket(const fs::path& path) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
    ::close(descriptor);
  }
};

TEST_F(ControlSockets, OfAProjectAreNamedAfterItsHash) {
  const Instance instance = resolve();
  const std::string hash = instance.name.substr(instance.name.size() - 8);
  EXPECT_THAT(instance.control_sockets, ElementsAre("/run/me/cordon/" + hash + ".sock", instance.state / "control.sock",
                                                    "/tmp/cordon-" + owner_ + "/" + hash + ".sock"));
}

TEST_F(ControlSockets, OfTheUserScopeAreNamedAfterIt) {
  const Instance instance = resolve(Scope::user);
  EXPECT_THAT(instance.control_sockets, ElementsAre("/run/me/cordon/user.sock", home_ / "cordon/user/control.sock",
                                                    "/tmp/cordon-" + owner_ + "/user.sock"));
}

TEST_F(ControlSockets, WithoutARuntimeFolderBeginInTheStateFolder) {
  folders_ = {.runtime = "", .system_runtime = "/run/user/7", .temporary = ""};
  const Instance instance = resolve(Scope::user);
  EXPECT_THAT(instance.control_sockets,
              ElementsAre(home_ / "cordon/user/control.sock", "/run/user/7/cordon/user.sock"));
}

TEST_F(ControlSockets, RelativeFoldersAreNone) {
  folders_ = {.runtime = "run", .system_runtime = "", .temporary = "tmp"};
  EXPECT_THAT(resolve(Scope::user).control_sockets, ElementsAre(home_ / "cordon/user/control.sock"));
}

TEST_F(ControlSockets, PathsOverTheSystemsLimitAreLeftOut) {
  home_ = folder_.path() / std::string(100, 'h');
  folders_.runtime = "/run/" + std::string(100, 'r');
  EXPECT_THAT(resolve(Scope::user).control_sockets, ElementsAre("/tmp/cordon-" + owner_ + "/user.sock"));
}

TEST_F(ControlSockets, AreFoundWhereverTheyLie) {
  folders_ = {.runtime = folder_.path() / "run", .system_runtime = "", .temporary = folder_.path() / "tmp"};
  const fs::path temporary = folder_.path() / "tmp" / ("cordon-" + owner_);
  for (const fs::path& made :
       {folder_.path() / "run/cordon", temporary, home_ / "cordon/user", home_ / "cordon/projects/a-1"})
    fs::create_directories(made);
  for (const fs::path& path : {folder_.path() / "run/cordon/1.sock", temporary / "2.sock",
                               home_ / "cordon/user/control.sock", home_ / "cordon/projects/a-1/control.sock"})
    make_socket(path);
  std::ofstream(folder_.path() / "run/cordon/no-socket.sock") << "x";
  fs::create_symlink(temporary / "2.sock", folder_.path() / "run/cordon/link.sock");
  EXPECT_THAT(
      find_control_sockets(home_, folders_),
      ::testing::UnorderedElementsAre(folder_.path() / "run/cordon/1.sock", temporary / "2.sock",
                                      home_ / "cordon/user/control.sock", home_ / "cordon/projects/a-1/control.sock"));
}

TEST_F(ControlSockets, FoldersThatAreMissingHoldNone) {
  folders_ = {.runtime = folder_.path() / "no", .system_runtime = "", .temporary = ""};
  EXPECT_TRUE(find_control_sockets(home_, folders_).empty());
}

TEST_F(ControlSockets, FoldersComeFromTheEnvironment) {
  fs::create_directories(folder_.path() / "run");
  ::setenv("XDG_RUNTIME_DIR", (folder_.path() / "run").c_str(), 1);
  EXPECT_EQ(default_socket_folders().runtime, folder_.path() / "run");
  ::setenv("XDG_RUNTIME_DIR", (folder_.path() / "missing").c_str(), 1);
  EXPECT_TRUE(default_socket_folders().runtime.empty());
  ::unsetenv("XDG_RUNTIME_DIR");
  EXPECT_TRUE(default_socket_folders().runtime.empty());
  EXPECT_TRUE(default_socket_folders().temporary.is_absolute());
}

/// L6.
TEST_F(ControlSockets, StateFolderThatOthersCanWriteToIsUnsafe) {
  const Instance instance = resolve();
  EXPECT_TRUE(check_state_folder(instance));  // it does not exist yet
  fs::create_directories(instance.state);
  ::chmod(instance.state.c_str(), 0755);
  EXPECT_TRUE(check_state_folder(instance));
  for (const mode_t mode : {0770, 0707}) {
    ::chmod(instance.state.c_str(), mode);
    const auto checked = check_state_folder(instance);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Errc::file_unsafe);
    EXPECT_THAT(checked.error().context, HasSubstr("chmod 700"));
  }
}

/// L6: who can rename a folder above can put another state in its place.
TEST_F(ControlSockets, FolderAboveTheStateThatOthersCanWriteToIsUnsafe) {
  const Instance instance = resolve();
  fs::create_directories(instance.state);
  for (const fs::path& above : {instance.state.parent_path(), instance.state.parent_path().parent_path()}) {
    for (const mode_t mode : {0770, 0707}) {
      ::chmod(above.c_str(), mode);
      const auto checked = check_state_folder(instance);
      ASSERT_FALSE(checked) << above;
      EXPECT_EQ(checked.error().code, Errc::file_unsafe);
      EXPECT_THAT(checked.error().context, HasSubstr("chmod 700 " + above.string()));
    }
    ::chmod(above.c_str(), 0755);
    EXPECT_TRUE(check_state_folder(instance));
  }
}

/// L7.
TEST_F(ControlSockets, StateFolderThatIsALinkIsUnsafe) {
  const Instance instance = resolve();
  fs::create_directories(instance.state.parent_path());
  fs::create_directory_symlink(project_, instance.state);
  ASSERT_FALSE(check_state_folder(instance));
  EXPECT_EQ(check_state_folder(instance).error().code, Errc::file_unsafe);
}

}  // namespace
}  // namespace cordon::config
