// bindings.toml as a file: private, whole, or refused (L6, L7).
#include "config/binding_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Binding kBinding{{"env", "variable=KEY"}, "api.example.com", {false, {443, 8443}}, {}};

class BindingFileTest : public ::testing::Test {
 protected:
  test::TempDir folder_;
  fs::path state_ = folder_.path() / "projects" / "demo";
  fs::path file_ = state_ / "bindings.toml";

  void write(const std::string& text, mode_t mode = 0600) const {
    fs::create_directories(state_);
    ::chmod(state_.c_str(), 0700);
    std::ofstream(file_, std::ios::binary) << text;
    ::chmod(file_.c_str(), mode);
  }
  void save(const std::vector<BindingEntry>& entries) const {
    const auto written = write_binding_file(file_, entries);
    ASSERT_TRUE(written) << written.error().message();
  }
  Error refusal() const {
    const auto read = read_binding_file(file_);
    if (!read) return read.error();
    ADD_FAILURE() << "not refused";
    return {};
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 07777U;
  }
};

TEST_F(BindingFileTest, IsEmptyWhenThereIsNone) {
  EXPECT_FALSE(read_binding_file(file_)->exists);
  fs::create_directories(state_);
  EXPECT_FALSE(read_binding_file(file_)->exists);
}

TEST_F(BindingFileTest, KeepsWhatIsWritten) {
  const std::vector<BindingEntry> entries = {
      {kBinding, "2026-11-23T10:00:00Z", true},
      {{{"command", "a\"b\\c", "", "\n\t\x01\x7f", "\xc3\xa9 '"}, "::1", {true, {}}, {"allow_plaintext"}},
       "2026",
       false},
  };
  save(entries);
  const auto read = read_binding_file(file_);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_TRUE(read->exists);
  EXPECT_EQ(read->entries, entries);
}

TEST_F(BindingFileTest, IsPrivateFromTheStart) {
  const mode_t before = ::umask(0);
  save({{kBinding, "2026", true}});
  ::umask(before);
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_EQ(mode_of(state_), 0700U);
  EXPECT_EQ(std::distance(fs::directory_iterator(state_), {}), 1);
}

TEST_F(BindingFileTest, ThatOthersCanReadOrWriteIsRefused) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0602U, 0666U}) {
    write("", mode);
    EXPECT_EQ(refusal().code, Errc::file_unsafe) << mode;
    EXPECT_THAT(refusal().message(), HasSubstr("chmod 600 " + file_.native()));
  }
}

TEST_F(BindingFileTest, InAFolderThatOthersCanWriteIsRefused) {
  write("");
  for (const mode_t mode : {0770U, 0707U}) {
    ::chmod(state_.c_str(), mode);
    EXPECT_EQ(refusal().code, Errc::file_unsafe) << mode;
    EXPECT_THAT(refusal().message(), HasSubstr("chmod 700 " + state_.native()));
    EXPECT_FALSE(write_binding_file(file_, {}));
  }
}

TEST_F(BindingFileTest, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "giving a file away needs root";
  write("");
  ASSERT_EQ(::chown(state_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(refusal().code, Errc::file_unsafe);
}

TEST_F(BindingFileTest, ThatIsASymbolicLinkIsRefused) {
  write("");
  const fs::path elsewhere = folder_.path() / "elsewhere.toml";
  fs::rename(file_, elsewhere);
  fs::create_symlink(elsewhere, file_);
  EXPECT_EQ(refusal().code, Errc::file_unsafe);
  EXPECT_THAT(refusal().message(), HasSubstr("symbolic link"));
  fs::remove(elsewhere);
  EXPECT_EQ(refusal().code, Errc::file_unsafe) << "a link that leads nowhere is no missing file";
}

TEST_F(BindingFileTest, BehindALinkedFolderIsRefused) {
  write("");
  fs::rename(state_, folder_.path() / "elsewhere");
  fs::create_directory_symlink(folder_.path() / "elsewhere", state_);
  EXPECT_EQ(refusal().code, Errc::file_unsafe);
}

TEST_F(BindingFileTest, ThatIsNoFileIsRefused) {
  fs::create_directories(file_);
  EXPECT_EQ(refusal().code, Errc::file_unsafe);
}

TEST_F(BindingFileTest, ThatIsCorruptIsRefusedAndNotQuoted) {
  const std::string entry =
      "[[bindings]]\nsecret = [\"env\"]\nhost = \"h\"\nports = [443]\nfirst_used = \"2026\"\napproved = true\n";
  write(entry);
  ASSERT_TRUE(read_binding_file(file_)) << "the tests below change one thing of it";
  const std::vector<std::string> corrupt = {
      "hunter2-hunter2",
      "[[bindings]]\nsecret = [\"hunter2-hunter2\n",
      "bindings = \"hunter2-hunter2\"",
      entry + "surprise = \"hunter2-hunter2\"",
      entry + "\n[[bindings]]\nsecret = [\"hunter2-hunter2\"]\n",
      "[[bindings]]\nsecret = [1]\nhost = \"h\"\nports = [443]\nfirst_used = \"2026\"\napproved = true\n",
      "[[bindings]]\nsecret = [\"env\"]\nhost = \"h\"\nports = [443]\nfirst_used = \"2026\"\napproved = \"yes\"\n",
      "[[bindings]]\nsecret = [\"env\"]\nhost = \"h\"\nports = [0]\nfirst_used = \"2026\"\napproved = true\n",
      entry + "#\xff",
      "a = " + std::string(2'000, '['),
  };
  for (const std::string& text : corrupt) {
    write(text);
    const Error error = refusal();
    EXPECT_EQ(error.code, Errc::config_invalid) << text;
    EXPECT_THAT(error.message(), AllOf(HasSubstr(file_.native() + ":"), HasSubstr("remove the file"))) << text;
    EXPECT_THAT(error.message(), ::testing::Not(HasSubstr("hunter2"))) << text;
  }
}

TEST_F(BindingFileTest, IsNeverWrittenLargerThanItIsRead) {
  Binding large = kBinding;
  large.terms.emplace_back(5'000'000, 'x');
  save({{kBinding, "2026", true}});
  EXPECT_FALSE(write_binding_file(file_, {{large, "2026", true}}));
  EXPECT_EQ(read_binding_file(file_)->entries.size(), 1U);
}

TEST_F(BindingFileTest, IsReplacedNotWrittenThrough) {
  save({});
  const fs::path copy = folder_.path() / "copy.toml";
  fs::create_hard_link(file_, copy);
  save({{kBinding, "2026", true}});
  EXPECT_THAT(read_binding_file(file_)->entries, ::testing::SizeIs(1));
  EXPECT_FALSE(fs::equivalent(file_, copy));
}

TEST_F(BindingFileTest, HoldsPathsThatAreNotUtf8) {
  Config config = config_of(RouteText{});
  config.routes[0].secret = FileRef{"/run/\xff/key"};
  ASSERT_TRUE(record_bindings(config, file_, ApprovalRule::advised));
  EXPECT_THAT(review_bindings(config, file_, ApprovalRule::advised)->unapproved, IsEmpty());
  config.routes[0].secret = FileRef{"/run/\xfe/key"};
  EXPECT_THAT(review_bindings(config, file_, ApprovalRule::advised)->unapproved, ::testing::SizeIs(1));
}

TEST_F(BindingFileTest, IsNotTouchedWhenNothingIsNew) {
  const Config config = config_of(RouteText{});
  ASSERT_TRUE(record_bindings(config, file_, ApprovalRule::advised));
  const auto written = fs::last_write_time(file_);
  struct stat before {
  }, after{};
  ASSERT_EQ(::stat(file_.c_str(), &before), 0);
  ASSERT_TRUE(record_bindings(config, file_, ApprovalRule::advised));
  ASSERT_EQ(::stat(file_.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(written, fs::last_write_time(file_));
}

}  // namespace
}  // namespace cordon::config
