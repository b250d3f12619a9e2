#include "tokens/proxy_auth.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/base64.h>

#include "support/allocation_count.hpp"
#include "tokens/token_value.hpp"

namespace cordon::tokens {
namespace {

const std::string kValue = "cdn_" + std::string(42, 'a') + "1";
const std::string kOther = "cdn_" + std::string(42, 'b') + "2";

TokenSet two_tokens() {
  return TokenSet({{{"default", {}, {}}, digest_of(kValue)}, {{"codex", {}, {"stripe"}}, digest_of(kOther)}});
}

std::string base64(std::string_view text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const std::size_t size = EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(out.data()),
                                           reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  out.resize(size);
  return out;
}

std::string basic(std::string_view credential) {
  return "Basic " + base64(credential);
}

/// The name of the token, or of the error.
std::string judge(const std::vector<std::string_view>& fields, std::string_view audience = "shop") {
  const TokenSet tokens = two_tokens();
  const auto entry = authenticate(fields, audience, tokens);
  return entry ? (*entry)->info.name : std::string(name(entry.error().code));
}

TEST(ProxyAuth, FindsTheTokenThatIsShown) {
  EXPECT_EQ(judge({basic("shop:" + kValue)}), "default");
  EXPECT_EQ(judge({basic("shop:" + kOther)}), "codex");
}

TEST(ProxyAuth, AsksForATokenWhenNoneIsShown) {
  EXPECT_EQ(judge({}), "token_required");
}

TEST(ProxyAuth, K2TheSchemeIsBasicInAnyCase) {
  const std::string credential = base64("shop:" + kValue);
  for (const char* scheme : {"Basic ", "basic ", "BASIC ", "bAsIc   "})
    EXPECT_EQ(judge({scheme + credential}), "default") << scheme;
  for (const char* scheme : {"", " ", "Bearer ", "Basi ", "Basicx ", "Basic\t", "Basic,", " Basic "})
    EXPECT_EQ(judge({scheme + credential}), "token_malformed") << scheme;
}

TEST(ProxyAuth, K2WhatIsNoCredentialIsMalformed) {
  using namespace std::string_literals;
  const std::string good = basic("shop:" + kValue);
  const std::string cases[] = {"",
                               "Basic",
                               "Basic ",
                               "Basic  ",
                               "Basic =",
                               "Basic ====",
                               "Basic !!!!",
                               "Basic YQ",
                               "Basic YQ=",
                               "Basic Y Q=",
                               good + " ",
                               good + "=",
                               good + "====",
                               good.substr(0, good.size() - 1),
                               good + ", " + good,
                               basic(""),
                               basic("shop"),
                               basic(":" + kValue),
                               basic(":"),
                               basic("shop:" + kValue + "\0"s),
                               basic("\0shop:"s + kValue),
                               basic("shop:\n" + kValue),
                               basic("shop:" + kValue + "\x7f"),
                               "Basic " + std::string(2000, 'A'),
                               "Basic " + std::string(kMaxCredential, ' ') + base64("shop:" + kValue),
                               std::string(70'000, 'A'),
                               "\xff\xfe",
                               "Basic \x80\x80\x80\x80"s};
  for (const std::string& field : cases)
    EXPECT_EQ(judge({field}), "token_malformed") << field;
}

TEST(ProxyAuth, K2TwoFieldsAreMalformedEvenWhenBothAreGood) {
  const std::string good = basic("shop:" + kValue);
  EXPECT_EQ(judge({good, good}), "token_malformed");
  EXPECT_EQ(judge({good, ""}), "token_malformed");
  EXPECT_EQ(judge({"", good}), "token_malformed");
}

TEST(ProxyAuth, AnUnknownTokenIsInvalid) {
  for (const std::string& value :
       {std::string(), kValue + "x", kValue.substr(0, 46), "CDN_" + kValue.substr(4), ":" + kValue})
    EXPECT_EQ(judge({basic("shop:" + value)}), "token_invalid") << value;
}

TEST(ProxyAuth, K8TheRightTokenOfAnotherInstanceIsInvalid) {
  for (const char* user : {"other", "Shop", "shop ", "sho", "user"})
    EXPECT_EQ(judge({basic(std::string(user) + ":" + kValue)}), "token_invalid") << user;
  EXPECT_EQ(judge({basic("other:" + kValue)}, "other"), "default");
}

TEST(ProxyAuth, AnEmptySetAcceptsNothing) {
  const std::string good = basic("shop:" + kValue);
  const std::vector<std::string_view> fields{good};
  EXPECT_EQ(authenticate(fields, "shop", TokenSet()).error().code, Errc::token_invalid);
}

TEST(ProxyAuth, AllocatesNothing) {
  const TokenSet tokens = two_tokens();
  const std::string good = basic("shop:" + kValue), bad = basic("shop:" + kValue + "x");
  const std::vector<std::string_view> shown{good}, unknown{bad};
  const std::size_t before = testing::allocation_count;
  EXPECT_TRUE(authenticate(shown, "shop", tokens));
  EXPECT_FALSE(authenticate(unknown, "shop", tokens));
  EXPECT_EQ(testing::allocation_count, before);
}

TEST(TokenSet, FindsByValueAndByDigestAmongAll_K1) {
  std::vector<TokenEntry> entries;
  for (int i = 0; i < 50; ++i)
    entries.push_back({{"t" + std::to_string(i), {}, {}}, digest_of("value" + std::to_string(i))});
  const TokenSet tokens(entries);
  for (int i = 0; i < 50; ++i) {
    ASSERT_NE(tokens.find("value" + std::to_string(i)), nullptr);
    EXPECT_EQ(tokens.find("value" + std::to_string(i))->info.name, "t" + std::to_string(i));
    EXPECT_EQ(tokens.find(digest_of("value" + std::to_string(i))), &tokens.entries()[std::size_t(i)]);
  }
  EXPECT_EQ(tokens.find("value50"), nullptr);
  TokenDigest near = digest_of("value7");
  near[31] ^= 1;
  EXPECT_EQ(tokens.find(near), nullptr);
}

TEST(TokenSet, AScopedTokenMayUseItsRoutesOnly_K7) {
  const TokenSet tokens = two_tokens();
  EXPECT_TRUE(tokens.find(kValue)->info.may_use("stripe"));
  EXPECT_TRUE(tokens.find(kValue)->info.may_use("other"));
  EXPECT_TRUE(tokens.find(kOther)->info.may_use("stripe"));
  EXPECT_FALSE(tokens.find(kOther)->info.may_use("other"));
  EXPECT_FALSE(tokens.find(kOther)->info.may_use("Stripe"));
  EXPECT_FALSE(tokens.find(kOther)->info.may_use(""));
}

}  // namespace
}  // namespace cordon::tokens
