#include "secrets/value.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace cordon::secrets {
namespace {

using namespace std::string_view_literals;

const SecretRef kRef = EnvRef{"KEY"};

std::string accepted(std::string_view text) {
  auto value = accept_value(Secret(text), kRef);
  EXPECT_TRUE(value) << text;
  return value ? std::string(value->reveal()) : "";
}

TEST(SecretValue, LosesOneTrailingNewline_H9) {
  EXPECT_EQ(accepted("key"), "key");
  EXPECT_EQ(accepted("key\n"), "key");
  EXPECT_EQ(accepted("key\r\n"), "key");
  EXPECT_EQ(accepted(" a b \n"), " a b ");
  EXPECT_EQ(accepted("clé ☂"), "clé ☂");
}

TEST(SecretValue, IsRefusedWithoutBeingShown_H9) {
  const std::string too_long(kMaxSecret + 1, 'c');
  for (const std::string_view text :
       {""sv, "\n"sv, "\r\n"sv, "canary\n\n"sv, "canary\r"sv, "canary\r\n\r\n"sv, "can\nary"sv, "can\rary"sv,
        "canary\0"sv, "\0canary\n"sv, std::string_view(too_long)}) {
    const auto refused = accept_value(Secret(text), kRef);
    ASSERT_FALSE(refused) << text.size();
    EXPECT_EQ(refused.error().code, Errc::secret_invalid);
    EXPECT_NE(refused.error().context.find("KEY"), std::string::npos) << "the place is named";
    EXPECT_EQ(refused.error().context.find("can"), std::string::npos);
    EXPECT_EQ(refused.error().context.find("ccc"), std::string::npos);
  }
}

TEST(SecretValue, MayBe64KiBLong_H9) {
  const std::string longest(kMaxSecret, 'c');
  EXPECT_EQ(accepted(longest), longest);
  EXPECT_EQ(accepted(longest + "\n"), longest);
}

TEST(SecretPlace, NamesEveryKindAndNoArgument) {
  EXPECT_EQ(place_of(EnvRef{"KEY"}), "the environment variable KEY");
  EXPECT_EQ(place_of(FileRef{"/run/key"}), "the file /run/key");
  EXPECT_EQ(place_of(CommandRef{{"/usr/bin/pass", "show", "x"}, {}}), "the command `pass`");
  EXPECT_EQ(place_of(PluggedRef{"vault", "x"}), "the entry x of the store vault");
  EXPECT_EQ(place_of(KeyringRef{"a", "cordon", ""}), "the keyring entry a");
  EXPECT_EQ(place_of(OnePasswordRef{.vault = "v", .item = "i", .field = "f", .account = ""}), "the 1Password item i");
}

}  // namespace
}  // namespace cordon::secrets
