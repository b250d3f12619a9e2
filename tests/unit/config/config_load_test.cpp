// Config::load: which files are read at all (F7, L6).
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::HasSubstr;

class ConfigLoad : public ::testing::Test {
 private:
  test::TempDir folder_;

 protected:
  std::filesystem::path file_ = folder_.path() / "cordon.toml";

  void write(std::string_view text, mode_t mode = 0600) {
    std::ofstream(file_, std::ios::binary) << text;
    ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
  }

  /// The one fault that loading the file gives, as text.
  std::string fault() const {
    const auto loaded = Config::load(file_);
    if (loaded) return "no fault";
    EXPECT_EQ(loaded.error().size(), 1U);
    return loaded.error().front().to_string();
  }

  void expect_fault(const std::string& message) const {
    EXPECT_THAT(fault(), HasSubstr(file_.string() + ": " + message));
  }
};

TEST_F(ConfigLoad, ReadsAFile) {
  write("listen = 6790\n[tls]\nca_cert_path = \"a.pem\"\n");
  const auto loaded = Config::load(file_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.listen, 6790);
  EXPECT_EQ(loaded->config.tls.ca_cert_path, file_.parent_path() / "a.pem");
}

TEST_F(ConfigLoad, NamesTheFileInItsFaults) {
  write("listen = 0\n");
  EXPECT_EQ(fault(), file_.string() + ":1:10: listen: must be a port from 1 to 65535");
}

TEST_F(ConfigLoad, NamesTheFileByItsAbsolutePath) {
  const auto loaded = Config::load("no-such-cordon.toml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().front().file, std::filesystem::current_path() / "no-such-cordon.toml");
  for (const char* text : {"=", "foo = 1", "\xFF"}) {
    EXPECT_EQ(Config::parse(text, "a.toml").error().front().file, std::filesystem::current_path() / "a.toml");
  }
}

TEST_F(ConfigLoad, SaysThatAFileIsMissing) {
  expect_fault("does not exist; write it, or name another file");
}

TEST_F(ConfigLoad, L6RefusesAWorldWritableFile) {
  write("listen = 1\n", 0602);
  expect_fault("can be changed by everybody; run `chmod o-w`");
}

TEST_F(ConfigLoad, L6WarnsOfAGroupWritableFile) {
  write("listen = 1\n", 0620);
  const auto loaded = Config::load(file_);
  ASSERT_TRUE(loaded);
  ASSERT_FALSE(loaded->warnings.empty());
  EXPECT_THAT(loaded->warnings.front().to_string(),
              HasSubstr(file_.string() + ": can be changed by its group; run `chmod g-w`"));
}

TEST_F(ConfigLoad, L6RefusesAnotherUsersFile) {
  write("listen = 1\n");
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown(file_.c_str(), 12345, 12345), 0);
  expect_fault("belongs to another user (uid 12345)");
}

TEST_F(ConfigLoad, F7RefusesAFolder) {
  ASSERT_TRUE(std::filesystem::create_directory(file_));
  expect_fault("is a folder");
}

TEST_F(ConfigLoad, F7RefusesAFifoWithoutWaitingForAWriter) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  expect_fault("is not a regular file");
}

TEST_F(ConfigLoad, F7RefusesASocket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = file_.string();
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  expect_fault("is not a regular file");
  ::close(listener);
}

TEST_F(ConfigLoad, F7RefusesADevice) {
  const auto loaded = Config::load("/dev/zero");
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().front().message, HasSubstr("is not a regular file"));
}

TEST_F(ConfigLoad, F7RefusesTenMebibytes) {
  write(std::string(10U << 20U, '\n'));
  expect_fault("is over 1048576 bytes");
}

TEST_F(ConfigLoad, ReadsUpToTheBound) {
  write("listen = 1\n" + std::string((1U << 20U) - 11, '#'));
  EXPECT_TRUE(Config::load(file_));
}

TEST_F(ConfigLoad, F7RefusesWhatIsNotUtf8) {
  write("listen = 1 # \xFC\n");
  EXPECT_THAT(fault(), HasSubstr(file_.string() + ":1:14: not UTF-8"));
}

TEST_F(ConfigLoad, FollowsASymlinkAndKeepsItsFolder) {
  test::TempDir elsewhere;
  std::ofstream(elsewhere.path() / "real.toml") << "listen = 1\n[tls]\nca_cert_path = \"a.pem\"\n";
  std::filesystem::create_symlink(elsewhere.path() / "real.toml", file_);
  const auto loaded = Config::load(file_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.tls.ca_cert_path, file_.parent_path() / "a.pem");
}

TEST_F(ConfigLoad, NamesWhatTheSystemSaysOtherwise) {
  std::filesystem::create_symlink("cordon.toml", file_);
  expect_fault("cannot be opened: ");
}

}  // namespace
}  // namespace cordon::config
