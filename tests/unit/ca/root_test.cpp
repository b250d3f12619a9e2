#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/certificate.hpp"
#include "ca/key_pem.hpp"
#include "ca/root.hpp"
#include "tls/roots.hpp"
#include "unit/ca/ca_fixture.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::ca {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777U;
}

bssl::UniquePtr<X509> make_root(std::string_view label, TimePoint now = std::chrono::system_clock::now()) {
  const auto key = make_key();
  return std::move(*make_root_certificate(**key, label, now));
}

TEST(RootCertificate, IsACaThatMaySignLeavesOnly) {
  const auto root = make_root("label");
  EXPECT_EQ(X509_check_ca(root.get()), 1);
  EXPECT_EQ(X509_get_pathlen(root.get()), 0);
  EXPECT_EQ(X509_get_key_usage(root.get()), static_cast<std::uint32_t>(KU_KEY_CERT_SIGN));
  EXPECT_TRUE(test::is_critical(*root, NID_basic_constraints));
  EXPECT_TRUE(test::is_critical(*root, NID_key_usage));
  EXPECT_NE(X509_get0_subject_key_id(root.get()), nullptr);
  EXPECT_EQ(X509_NAME_cmp(X509_get_subject_name(root.get()), X509_get_issuer_name(root.get())), 0);
  EXPECT_TRUE(tls::is_cordon_ca(*root));
}

TEST(RootCertificate, LastsTenYears) {
  const TimePoint now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  EXPECT_EQ(tls::not_after(*make_root("label", now)), now + std::chrono::days(3650));
}

std::string common_name_of(std::string_view label) {
  return test::name_part(X509_get_subject_name(make_root(label).get()), NID_commonName);
}

TEST(RootCertificate, CarriesLabelAndMachine) {
  char machine[256] = {};
  ASSERT_EQ(::gethostname(machine, sizeof(machine) - 1), 0);
  const std::string expected = "Cordon shop-0a1b2c3d on " + std::string(machine);
  EXPECT_EQ(common_name_of("shop-0a1b2c3d"), expected.substr(0, 64));
  EXPECT_EQ(common_name_of(""), ("Cordon on " + std::string(machine)).substr(0, 64));
}

TEST(RootCertificate, KeepsItsNameWithinBoundsAndPlain) {
  EXPECT_EQ(common_name_of(std::string(300, 'x')), "Cordon " + std::string(57, 'x'));
  EXPECT_THAT(common_name_of("a\nb\xc3\xa9/c=d,e"), HasSubstr("Cordon a_b___c_d_e on "));
}

class RootFiles : public ::testing::Test {
 protected:
  Result<> open() {
    const auto manager = place_.open();
    if (!manager) return std::unexpected(manager.error());
    pem_ = manager->certificate_pem();
    return {};
  }

  /// Expects open() to fail with `code`, and returns what it says.
  std::string refusal(Errc code) {
    const auto opened = open();
    EXPECT_FALSE(opened);
    if (opened) return {};
    EXPECT_EQ(opened.error().code, code) << opened.error().context;
    return opened.error().context;
  }

  const fs::path& cert() const { return place_.paths.cert; }
  const fs::path& key() const { return place_.paths.key; }

  test::CaFolder place_;
  std::string pem_;
};

TEST_F(RootFiles, AreMadePrivateWhenThereAreNone) {
  const mode_t before = ::umask(0);
  ASSERT_TRUE(open());
  ::umask(before);
  EXPECT_EQ(mode_of(key().parent_path()), 0700U);
  EXPECT_EQ(mode_of(key()), 0600U);
  EXPECT_EQ(mode_of(cert()), 0644U);
  EXPECT_EQ(test::file_content(cert()), pem_);
  EXPECT_EQ(std::distance(fs::directory_iterator(key().parent_path()), {}), 2);  // no temporary file stays
}

TEST_F(RootFiles, AreReadAgain) {
  ASSERT_TRUE(open());
  const std::string first = pem_;
  const std::string key_pem = test::file_content(key());
  ASSERT_TRUE(open());
  EXPECT_EQ(pem_, first);
  EXPECT_EQ(test::file_content(key()), key_pem);
}

TEST_F(RootFiles, MayLieInTwoFolders) {
  place_.paths.cert = place_.folder / "public" / "ca.pem";
  place_.paths.key = place_.folder / "private" / "ca.key";
  ASSERT_TRUE(open());
  const std::string first = pem_;
  ASSERT_TRUE(open());
  EXPECT_EQ(pem_, first);
}

TEST_F(RootFiles, MayBeAPersonsOwn) {
  const auto own = test::make_test_identity({.common_name = "my own CA", .authority = true});
  place_.paths = test::ca_paths_in(place_.folder.path());
  place_.folder.write("ca-cert.pem", test::to_pem(*own->certificate()));
  place_.folder.write("ca-key.pem", encode_key(*own->key())->view());
  const auto manager = place_.open();
  ASSERT_TRUE(manager) << manager.error().context;
  const auto leaf = manager->leaf("a.example");  // without an authority key identifier: that CA has none
  ASSERT_TRUE(leaf);
  EXPECT_EQ(X509_verify((*leaf)->certificate(), own->key()), 1);
}

// T6
TEST_F(RootFiles, AreRefusedWhenOthersCanReadTheKey) {
  ASSERT_TRUE(open());
  fs::permissions(key(), fs::perms(0644));
  EXPECT_THAT(refusal(Errc::file_unsafe), HasSubstr("chmod 600 " + key().native()));
}

// T6
TEST_F(RootFiles, AreRefusedWhenTheKeyIsALink) {
  ASSERT_TRUE(open());
  fs::rename(key(), place_.folder / "elsewhere");
  fs::create_symlink(place_.folder / "elsewhere", key());
  EXPECT_THAT(refusal(Errc::file_unsafe), HasSubstr(key().native() + " is a symbolic link"));
  fs::remove(place_.folder / "elsewhere");
  refusal(Errc::file_unsafe);  // one that leads nowhere is no reason to make a new key
  EXPECT_FALSE(fs::exists(place_.folder / "elsewhere"));
}

// T6
TEST_F(RootFiles, AreRefusedWhenTheKeyBelongsToAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_TRUE(open());
  ASSERT_EQ(::chown(key().c_str(), 12345, 0), 0);
  EXPECT_THAT(refusal(Errc::file_unsafe), HasSubstr("chown 0 " + key().native()));
}

// L6
TEST_F(RootFiles, AreRefusedInAFolderThatOthersCanWrite) {
  ASSERT_TRUE(open());
  fs::permissions(key().parent_path(), fs::perms(0770));
  EXPECT_THAT(refusal(Errc::file_unsafe), HasSubstr(key().parent_path().native()));
}

// F2
TEST_F(RootFiles, AreRefusedWhenTheyCannotBeRead) {
  ASSERT_TRUE(open());
  const std::string cert_pem = test::file_content(cert());
  for (const auto& [path, code] : {std::pair(cert(), Errc::ca_invalid), std::pair(key(), Errc::ca_invalid)}) {
    const std::string good = test::file_content(path);
    for (const std::string& content : {std::string(), std::string("nonsense"), good.substr(0, good.size() / 2)}) {
      std::ofstream(path, std::ios::trunc) << content;
      EXPECT_THAT(refusal(code), ::testing::AllOf(HasSubstr(path.native()), Not(HasSubstr("cordon ca"))));
      EXPECT_EQ(test::file_content(path), content);  // and nothing is made in its place
    }
    std::ofstream(path, std::ios::trunc) << good;
  }
  ASSERT_TRUE(open());
  fs::remove(cert());
  fs::create_directory(cert());
  refusal(Errc::file_unsafe);
}

TEST_F(RootFiles, AreRefusedWhenTheyAreNoPair) {
  ASSERT_TRUE(open());
  const std::string first = test::file_content(cert());
  fs::remove(cert());
  fs::remove(key());
  ASSERT_TRUE(open());
  std::ofstream(cert(), std::ios::trunc) << first;
  const std::string words = refusal(Errc::ca_invalid);
  EXPECT_THAT(words, HasSubstr("does not belong to the key"));
  EXPECT_THAT(words, HasSubstr(key().native()));
  EXPECT_THAT(words, Not(HasSubstr("cordon ca")));  // which instance is meant only the host knows
}

TEST_F(RootFiles, AreRefusedWhenTheCertificateIsNoCas) {
  const auto leaf = test::make_test_identity({.names = "DNS:a.example"});
  place_.paths = test::ca_paths_in(place_.folder.path());
  place_.folder.write("ca-cert.pem", test::to_pem(*leaf->certificate()));
  place_.folder.write("ca-key.pem", encode_key(*leaf->key())->view());
  EXPECT_THAT(refusal(Errc::ca_invalid), HasSubstr("is not the certificate of a CA"));
}

TEST_F(RootFiles, AreRefusedAfterTheirEnd) {
  ASSERT_TRUE(open());
  place_.now += std::chrono::days(3650) - 1s;
  ASSERT_TRUE(open());
  place_.now += 1s;
  EXPECT_THAT(refusal(Errc::ca_invalid), HasSubstr("has ended"));
}

TEST_F(RootFiles, AreCompletedWhenOnlyTheKeyIsThere) {
  ASSERT_TRUE(open());
  const std::string key_pem = test::file_content(key());
  fs::remove(cert());
  ASSERT_TRUE(open());
  EXPECT_EQ(test::file_content(key()), key_pem);
  EXPECT_EQ(test::file_content(cert()), pem_);
}

TEST_F(RootFiles, AreRefusedWhenOnlyTheCertificateIsThere) {
  ASSERT_TRUE(open());
  fs::remove(key());
  EXPECT_THAT(refusal(Errc::ca_invalid), HasSubstr("its key " + key().native() + " is missing; put it back"));
  EXPECT_FALSE(fs::exists(key()));
}

// Nothing of a key is ever in what a person sees.
TEST_F(RootFiles, NeverShowTheKey) {
  ASSERT_TRUE(open());
  const std::string pem = test::file_content(key());
  std::string damaged = pem;
  damaged[60] = '!';
  std::ofstream(key(), std::ios::trunc) << damaged;
  const std::string words = refusal(Errc::ca_invalid);
  for (std::size_t at = 28; at + 12 < pem.size(); ++at)
    EXPECT_EQ(words.find(pem.substr(at, 12)), std::string::npos);
}

/// Opens the CA in a process of its own as soon as the pipe's other end is closed, and writes its certificate to
/// `result`.
pid_t open_in_child(test::CaFolder& place, const int (&pipe)[2], const fs::path& result) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::close(pipe[1]);
  char byte = 0;
  (void)!::read(pipe[0], &byte, 1);
  const auto manager = place.open();
  if (manager) std::ofstream(result) << manager->certificate_pem();
  ::_exit(manager ? 0 : 1);
}

TEST_F(RootFiles, AreTheSameForProcessesThatStartTogether) {
  constexpr int kProcesses = 8;
  for (int round = 0; round < 10; ++round) {
    fs::remove_all(key().parent_path());
    int start[2] = {};
    ASSERT_EQ(::pipe(start), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(open_in_child(place_, start, place_.folder / std::to_string(i)));
    }
    ::close(start[0]);
    ::close(start[1]);
    for (const pid_t child : children) {
      int status = -1;
      ASSERT_EQ(::waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    ASSERT_TRUE(open());
    for (int i = 0; i < kProcesses; ++i)
      EXPECT_EQ(test::file_content(place_.folder / std::to_string(i)), pem_);
  }
}

}  // namespace
}  // namespace cordon::ca
