#include <sys/stat.h>

#include <string>

#include <gtest/gtest.h>

#include "ca/bundle.hpp"
#include "support/temp_dir.hpp"
#include "tls/roots.hpp"
#include "unit/ca/ca_fixture.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::ca {
namespace {

const std::string kOwn = "-----BEGIN CERTIFICATE-----\nT3du\nT3du\n-----END CERTIFICATE-----\n";
const std::string kOther = "-----BEGIN CERTIFICATE-----\nT3RoZXI=\n-----END CERTIFICATE-----\n";

TEST(Bundle, IsTheSystemsRootsAndThenOurs) {
  EXPECT_EQ(compose_bundle(kOther, kOwn), kOther + kOwn);
}

TEST(Bundle, SeparatesTheTwoByALineEnd) {
  EXPECT_EQ(compose_bundle("-----END CERTIFICATE-----", kOwn), "-----END CERTIFICATE-----\n" + kOwn);
}

TEST(Bundle, HoldsOursOnceWhenTheSystemTrustsIt) {
  EXPECT_EQ(compose_bundle(kOwn + kOther, kOwn), kOwn + kOther);
  const std::string other_lines = "-----BEGIN CERTIFICATE-----\r\nT3duT3du\r\n-----END CERTIFICATE-----\r\n";
  EXPECT_EQ(compose_bundle(other_lines, kOwn), other_lines);
}

TEST(Bundle, IsWrittenOnlyWhenItsContentDiffers) {
  const test::TempDir folder;
  const auto path = folder / "state" / "combined-ca.pem";
  EXPECT_TRUE(*write_bundle(path, "a"));
  EXPECT_FALSE(*write_bundle(path, "a"));
  EXPECT_TRUE(*write_bundle(path, "ab"));
  EXPECT_TRUE(*write_bundle(path, "b"));
  EXPECT_EQ(test::file_content(path), "b");
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0644U);
}

// L7
TEST(Bundle, ReplacesALinkInsteadOfWritingThroughIt) {
  const test::TempDir folder;
  const auto target = folder.write("victim", "untouched");
  std::filesystem::create_symlink(target, folder / "combined-ca.pem");
  EXPECT_TRUE(*write_bundle(folder / "combined-ca.pem", "new"));
  EXPECT_EQ(test::file_content(target), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "combined-ca.pem"));
}

TEST(CaManagerBundle, HoldsTheSystemsRootsAndThisCa) {
  test::CaFolder place;
  const auto manager = place.open();
  ASSERT_TRUE(manager) << manager.error().context;
  EXPECT_TRUE(*manager->refresh_bundle());
  EXPECT_FALSE(*manager->refresh_bundle());
  const std::string bundle = test::file_content(place.paths.bundle);
  EXPECT_TRUE(bundle.starts_with(*tls::system_roots_pem()));
  EXPECT_TRUE(bundle.ends_with(manager->certificate_pem()));
  EXPECT_TRUE(tls::make_root_store({&bundle, 1}));
}

}  // namespace
}  // namespace cordon::ca
