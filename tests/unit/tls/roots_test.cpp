#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "support/temp_dir.hpp"
#include "tls/roots.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::tls {
namespace {

const std::string kMarker(kCordonOrganization);

std::string root_pem(const std::string& name, const std::string& organization = {}) {
  return test::to_pem(
      *test::make_test_identity({.common_name = name, .organization = organization, .authority = true})->certificate());
}

std::size_t count(const X509_STORE& store) {
  return sk_X509_OBJECT_num(X509_STORE_get0_objects(const_cast<X509_STORE*>(&store)));
}

TEST(IsCordonCa, KnowsTheMarkerOnASelfIssuedAuthority) {
  const auto own = test::make_test_identity({.organization = kMarker, .authority = true});
  EXPECT_TRUE(is_cordon_ca(*own->certificate()));
}

TEST(IsCordonCa, PassesEverythingElse) {
  const auto own = test::make_test_identity({.organization = kMarker, .authority = true});
  const auto other = test::make_test_identity({.common_name = kMarker, .organization = "Example", .authority = true});
  const auto leaf_alone = test::make_test_identity({.organization = kMarker});
  const auto below = test::make_test_identity({.organization = kMarker + "x", .authority = true}, own.get());
  EXPECT_FALSE(is_cordon_ca(*other->certificate()));
  EXPECT_FALSE(is_cordon_ca(*leaf_alone->certificate()));
  EXPECT_FALSE(is_cordon_ca(*below->certificate()));
}

TEST(RootStore, TakesEachRootOnce) {
  const std::string a = root_pem("a");
  const std::string b = root_pem("b");
  const std::vector<std::string> pems = {a + b + a, b + root_pem("c")};
  const auto store = make_root_store(pems);
  ASSERT_TRUE(store);
  EXPECT_EQ(count(**store), 3U);
}

// T11
TEST(RootStore, LeavesOutCordonsOwn) {
  const std::vector<std::string> pems = {root_pem("a") + root_pem("mine", kMarker)};
  const auto store = make_root_store(pems);
  ASSERT_TRUE(store);
  EXPECT_EQ(count(**store), 1U);
}

// T11: the CA in use may be a person's own, which the system trusts as well.
TEST(RootStore, LeavesOutTheCaInUseByItsKey) {
  const std::string own = root_pem("somebody's own CA");
  const std::vector<std::string> pems = {root_pem("a") + own};
  const auto store = make_root_store(pems, CordonCas::left_out, own);
  ASSERT_TRUE(store);
  EXPECT_EQ(count(**store), 1U);
}

TEST(RootStore, PassesOverWhatItCannotRead) {
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const std::string no_base64 = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
  const std::string key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  const std::vector<std::string> pems = {"# comment\n" + broken + root_pem("a") + no_base64 + key + root_pem("b") +
                                         "-----BEGIN CERTIFICATE-----\nAAAA\n"};
  const auto store = make_root_store(pems);
  ASSERT_TRUE(store);
  EXPECT_EQ(count(**store), 2U);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(RootStore, RefusesATextWithoutARoot) {
  for (const std::string& text : {std::string(), std::string("no certificate"), root_pem("mine", kMarker)}) {
    const std::vector<std::string> pems = {root_pem("a"), text};
    const auto store = make_root_store(pems);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Errc::config_invalid);
  }
}

// T11: the environment has no say.
TEST(SystemRoots, IgnoresTheEnvironment) {
  const auto before = system_roots_pem();
  ASSERT_TRUE(before) << before.error().context;
  const test::TempDir folder;
  const auto file = folder.write("mine.pem", root_pem("mine"));
  ::setenv("SSL_CERT_FILE", file.c_str(), 1);
  ::setenv("SSL_CERT_DIR", folder.path().c_str(), 1);
  const auto with = system_roots_pem();
  const auto store = make_root_store({&*with, 1});
  ::unsetenv("SSL_CERT_FILE");
  ::unsetenv("SSL_CERT_DIR");
  EXPECT_EQ(*with, *before);
  ASSERT_TRUE(store);
  EXPECT_GT(count(**store), 100U);
}

}  // namespace
}  // namespace cordon::tls
