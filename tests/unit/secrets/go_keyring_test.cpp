#include "secrets/go_keyring.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cordon::secrets {
namespace {

using namespace std::string_view_literals;

std::string decoded(std::string_view stored) {
  const auto value = decode_go_keyring(stored);
  return value ? std::string(value->reveal()) : "(undecodable)";
}

TEST(GoKeyring, TakesAValueWithoutPrefixAsItIs) {
  for (const std::string_view plain : {"gho_plain"sv, ""sv, " spaces stay \n"sv, "go-keyring"sv, "go-keyring-base64"sv,
                                       "x go-keyring-base64:aaaa"sv, "Go-keyring-base64:aGk="sv})
    EXPECT_EQ(decoded(plain), plain);
}

TEST(GoKeyring, DecodesBase64) {
  // RFC 4648, section 10
  EXPECT_EQ(decoded("go-keyring-base64:"), "");
  EXPECT_EQ(decoded("go-keyring-base64:Zg=="), "f");
  EXPECT_EQ(decoded("go-keyring-base64:Zm8="), "fo");
  EXPECT_EQ(decoded("go-keyring-base64:Zm9v"), "foo");
  EXPECT_EQ(decoded("go-keyring-base64:Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded("go-keyring-base64:+/+/"), "\xfb\xff\xbf");
  EXPECT_EQ(decoded("go-keyring-base64:AAAA"), "\0\0\0"sv);
  EXPECT_EQ(decoded(" go-keyring-base64:Zm9v\n"), "foo");
}

TEST(GoKeyring, RefusesWhatIsNotBase64_F1) {
  for (const std::string_view rest : {"Z"sv, "Zg"sv, "Zg="sv, "Zg==="sv, "===="sv, "="sv, "Zg=v"sv, "Zm9v!m9v"sv,
                                      "Zm 9v"sv, "Zm9-"sv, "Zm9_"sv, "Zm9v\nZm9v"sv,
                                      "Z==="
                                      "\0"sv})
    EXPECT_EQ(decoded("go-keyring-base64:" + std::string(rest)), "(undecodable)") << rest;
}

TEST(GoKeyring, DecodesHexadecimalDigits) {
  EXPECT_EQ(decoded("go-keyring-encoded:666f6f"), "foo");
  EXPECT_EQ(decoded("go-keyring-encoded:666F0a"), "fo\n");
  EXPECT_EQ(decoded("go-keyring-encoded:\n"), "");
  for (const std::string_view rest : {"6"sv, "666"sv, "6g"sv, "g6"sv, "66 6f"sv})
    EXPECT_EQ(decoded("go-keyring-encoded:" + std::string(rest)), "(undecodable)") << rest;
}

}  // namespace
}  // namespace cordon::secrets
