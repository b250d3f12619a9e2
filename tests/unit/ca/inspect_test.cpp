#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/bundle.hpp"
#include "ca/certificate.hpp"
#include "unit/ca/ca_fixture.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

TEST(CaInspection, TellsWhatThereIs) {
  test::CaFolder place;
  const auto made = place.open("project-12345678");
  const auto info = inspect_ca(place.paths);
  ASSERT_TRUE(info) << info.error().context;
  EXPECT_EQ(info->pem, made->certificate_pem());
  EXPECT_THAT(info->subject, ::testing::StartsWith("O = Cordon local CA, CN = Cordon project-12345678 on "));
  EXPECT_THAT(info->sha256, ::testing::MatchesRegex("([0-9A-F][0-9A-F]:){31}[0-9A-F][0-9A-F]"));
  EXPECT_EQ(info->not_after, made->not_after());
  EXPECT_EQ(info->not_before, place.now - std::chrono::hours(1));
  EXPECT_TRUE(info->made_by_cordon);
  EXPECT_EQ(info->key_mode, 0600U);
  EXPECT_TRUE(info->key);
}

TEST(CaInspection, MakesNothing) {
  const test::CaFolder place;
  const auto info = inspect_ca(place.paths);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Errc::file_missing);
  EXPECT_FALSE(fs::exists(place.paths.cert.parent_path()));
}

TEST(CaInspection, TellsWhatIsWrongWithTheKey) {
  test::CaFolder place;
  ASSERT_TRUE(place.open());
  const auto key_error = [&] {
    const auto info = inspect_ca(place.paths);
    return info && !info->key ? info->key.error().code : Errc::internal;
  };
  fs::permissions(place.paths.key, fs::perms(0640));
  EXPECT_EQ(key_error(), Errc::file_unsafe);
  EXPECT_EQ(inspect_ca(place.paths)->key_mode, 0640U);
  fs::remove(place.paths.key);
  EXPECT_EQ(key_error(), Errc::file_missing);
  EXPECT_EQ(inspect_ca(place.paths)->key_mode, std::nullopt);
  test::CaFolder other;
  ASSERT_TRUE(other.open());
  fs::copy_file(other.paths.key, place.paths.key);
  EXPECT_EQ(key_error(), Errc::ca_invalid);
}

TEST(CaInspection, KnowsAPersonsOwn) {
  test::CaFolder place;
  place.paths = test::ca_paths_in(place.folder.path());
  const auto own = test::make_test_identity({.common_name = "theirs", .authority = true});
  place.folder.write("ca-cert.pem", test::to_pem(*own->certificate()));
  EXPECT_FALSE(inspect_ca(place.paths)->made_by_cordon);
}

TEST(CaBundleState, FollowsTheBundle) {
  test::CaFolder place;
  EXPECT_EQ(check_bundle(place.paths).error().code, Errc::file_missing);
  const auto manager = place.open();
  EXPECT_EQ(*check_bundle(place.paths), BundleState::missing);
  ASSERT_TRUE(manager->refresh_bundle());
  EXPECT_EQ(*check_bundle(place.paths), BundleState::current);
  std::ofstream(place.paths.bundle, std::ios::trunc) << "# fewer roots\n" << manager->certificate_pem();
  EXPECT_EQ(*check_bundle(place.paths), BundleState::outdated);
  ASSERT_TRUE(CaManager::rotate(place.paths));
  EXPECT_EQ(*check_bundle(place.paths), BundleState::without_ca);
}

TEST(CaBundleState, FindsACertificateWhateverItsLines) {
  test::CaFolder place;
  const std::string pem = place.open()->certificate_pem();
  std::string narrow;
  for (const char c : pem) {
    narrow += c;
    if (c != '-' && c != ' ' && narrow.size() % 40 == 0) narrow += "\r\n";
  }
  EXPECT_TRUE(ca::holds_certificate("# a comment\n" + narrow, pem));
  EXPECT_FALSE(ca::holds_certificate("", pem));
}

}  // namespace
}  // namespace cordon
