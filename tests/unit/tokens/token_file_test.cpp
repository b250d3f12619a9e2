#include "tokens/token_file.hpp"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/token_value.hpp"

namespace cordon::tokens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kOne = "cdn_" + std::string(42, 'a') + "1";
const std::string kTwo = "cdn_" + std::string(40, 'B') + "-_2";

std::string entry(std::string_view name, std::string_view value, std::string_view more = "") {
  return "[[tokens]]\nname = \"" + std::string(name) + "\"\nvalue = \"" + std::string(value) +
         "\"\ncreated_at = 2026-01-02T03:04:05Z\n" + std::string(more);
}

/// Why `text` is refused; it quotes no value.
std::string fault_of(std::string_view text) {
  const auto parsed = parse_tokens(text, "/f");
  EXPECT_FALSE(parsed) << text;
  if (parsed) return {};
  EXPECT_EQ(parsed.error().code, Errc::config_invalid);
  EXPECT_THAT(parsed.error().context, Not(HasSubstr("aaaaaaaa")));
  return parsed.error().context;
}

TEST(TokenFileText, ReadsNamesTimesAndScopes) {
  const auto parsed =
      parse_tokens(entry("default", kOne) + entry("codex", kTwo, "routes = [\"stripe\", \"a b\"]\n"), "/f");
  ASSERT_TRUE(parsed) << parsed.error().context;
  ASSERT_EQ(parsed->size(), 2U);
  const StoredToken &first = (*parsed)[0], &second = (*parsed)[1];
  EXPECT_EQ(first.info.name, "default");
  EXPECT_EQ(first.value.reveal(), kOne);
  EXPECT_EQ(first.info.created_at, std::chrono::sys_seconds(std::chrono::seconds(1'767'323'045)));
  EXPECT_TRUE(first.info.routes.empty());
  EXPECT_EQ(second.info.name, "codex");
  EXPECT_EQ(second.value.reveal(), kTwo);
  EXPECT_THAT(second.info.routes, ElementsAre("stripe", "a b"));
}

TEST(TokenFileText, ReadsEveryWayThatTomlHasToWriteTheSame) {
  const std::string inline_form = "tokens = [{routes = [ 'x', ], name = 'default', \"value\" = '''" + kOne +
                                  "''', created_at = 2026-01-02T05:04:05.75+02:00}]  # " + kTwo;
  const auto parsed = parse_tokens(inline_form, "/f");
  ASSERT_TRUE(parsed) << parsed.error().context;
  EXPECT_EQ((*parsed)[0].value.reveal(), kOne);
  EXPECT_EQ((*parsed)[0].info.created_at, std::chrono::sys_seconds(std::chrono::seconds(1'767'323'045)));
}

TEST(TokenFileText, IsReadBackAsItWasComposed) {
  const auto parsed =
      parse_tokens(entry("default", kOne) + entry("a.b_c-d", kTwo, "routes = [\"x/y:@+()\", \"z\"]\n"), "/f");
  ASSERT_TRUE(parsed) << parsed.error().context;
  base::WipedBuffer text;
  compose_tokens(*parsed, text);
  const auto again = parse_tokens(text.view(), "/f");
  ASSERT_TRUE(again) << again.error().context;
  ASSERT_EQ(again->size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*again)[i].info, (*parsed)[i].info);
    EXPECT_EQ((*again)[i].value.reveal(), (*parsed)[i].value.reveal());
  }
}

TEST(TokenFileText, NamesTheLineOfEachFault) {
  struct Case {
    std::string text;
    std::string fault;
  };
  const std::string good = entry("default", kOne);
  const Case cases[] = {
      {"", "/f:1: there is no token in it"},
      {"tokens = []", "/f:1: there is no token in it"},
      {"tokens = 1", "/f:1: `tokens` must be an array"},
      {"\n\ntokens = [\n1]", "/f:4: a token must be a table"},
      {"other = 1\n" + good, "/f:1: an unknown key"},
      {good + "extra = 1\n", "/f:5: an unknown key; a token has"},
      {good + "routes = []\n", "/f:5: `routes` must be"},
      {good + "routes = [1]\n", "/f:5: `routes` must be"},
      {good + "routes = \"all\"\n", "/f:5: `routes` must be"},
      {good + "routes = [\"a\\nb\"]\n", "/f:5: `routes` must be"},
      {"[[tokens]]\nname = \"default\"\ncreated_at = 2026-01-02T03:04:05Z\n", "/f:1: `value` is missing"},
      {entry("", kOne), "/f:2: `name` must be"},
      {entry("a b", kOne), "/f:2: `name` must be"},
      {entry(std::string(65, 'a'), kOne), "/f:2: `name` must be"},
      {entry("x" + kOne, kOne), "/f:2: `name` must be"},
      {entry("default", ""), "/f:3: `value` must be"},
      {entry("default", kOne + "x"), "/f:3: `value` must be"},
      {entry("default", kOne.substr(0, 46)), "/f:3: `value` must be"},
      {entry("default", "x" + kOne), "/f:3: `value` must be"},
      {entry("default", "\\u0063" + kOne.substr(1)), "/f:3: `value` must be"},
      {good + entry("default", kTwo), "/f:5: `name`: there is a token `default` already"},
      {good + entry("other", kOne), "/f:5: `value`: another token has the same"},
      {"[[tokens]]\nname = 1\nvalue = 2\ncreated_at = 3\n", "/f:4: `created_at` must be"},
      {"[[tokens]]\nname = \"a\"\nvalue = \"" + kOne + "\"\ncreated_at = 2026-01-02T03:04:05\n",
       "/f:4: `created_at` must be"},
      {"[[tokens]]\nname = \"a\"\nvalue = \"" + kOne + "\"\ncreated_at = 1969-12-31T23:59:59Z\n",
       "/f:4: `created_at` must be"},
      {good + "value = \"" + kOne + "\"\n", "/f:5: not valid TOML"},
      {"name = \"" + kOne, "/f:1: not valid TOML"},
      {std::string("a\0b", 3), "/f:1: not valid TOML"},
      {"\n" + std::string(100'000, '['), "/f:2: nested too deep"},
      {std::string(50'000, 'a') + std::string(17, '.') + " = 1", "/f:1: nested too deep"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(fault_of(c.text), HasSubstr(c.fault)) << c.text.substr(0, 300);
}

TEST(TokenFileText, TellsAllFaultsInTheirOrder) {
  const std::string fault = fault_of("[[tokens]]\nvalue = 1\nname = 2\ncreated_at = 3\nunknown = 4\n");
  EXPECT_THAT(fault, testing::MatchesRegex("/f:2: .*; /f:3: .*; /f:4: .*; /f:5: .*"));
  std::string many;
  for (int i = 0; i < 50; ++i)
    many += "key" + std::to_string(i) + " = 1\n";
  EXPECT_THAT(fault_of(many), testing::EndsWith("; and 40 more"));
}

TEST(TokenFileText, QuotesNothingOfAFileThatIsNotToml) {
  for (const std::string& text :
       {kOne, "value = " + kOne, "[" + kOne + "]\n[" + kOne + "]", kOne + " = 1\n" + kOne + " = 2"}) {
    fault_of(text);
  }
}

TEST(TokenValue, IsThirtyTwoRandomBytesInBase64Url) {
  std::string seen;
  for (int i = 0; i < 64; ++i) {
    const auto token = make_token();
    ASSERT_TRUE(token);
    EXPECT_TRUE(is_token(token->reveal())) << token->reveal();
    seen += token->reveal().substr(kTokenPrefix.size());
  }
  // 64 times 43 characters: each of the 64 is missing with a probability of 1e-18.
  for (const char c : kBase64Url)
    EXPECT_TRUE(seen.contains(c)) << c;
}

TEST(TokenValue, HasTheDigestOfItsBytes) {
  const TokenDigest digest = digest_of("abc");  // FIPS 180-2, appendix B.1
  EXPECT_EQ(digest[0], 0xba);
  EXPECT_EQ(digest[1], 0x78);
  EXPECT_EQ(digest[31], 0xad);
}

}  // namespace
}  // namespace cordon::tokens
