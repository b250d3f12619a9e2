// Who is admitted to what, decided from a head and a set of tokens.
#include "proxy/access.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "http1/base64.hpp"
#include "tokens/token_value.hpp"

namespace cordon::proxy {
namespace {

using http1::FieldName;

constexpr std::string_view kInstance = "shop";

/// A set whose tokens have their names as values.
Tokens set_of(std::vector<TokenInfo> infos) {
  std::vector<TokenEntry> entries;
  for (TokenInfo& info : infos) {
    const TokenDigest digest = tokens::digest_of(info.name);
    entries.push_back({std::move(info), digest});
  }
  return std::make_shared<const TokenSet>(std::move(entries));
}

std::string basic(std::string_view credential) {
  std::string field = "Basic " + std::string(http1::base64_size(credential.size()), '\0');
  http1::write_base64({credential}, field.data() + 6);
  return field;
}

http1::RequestHead request_with(const std::vector<std::pair<FieldName, std::string_view>>& fields) {
  http1::RequestHead head;
  for (const auto& [id, value] : fields)
    head.fields.push_back({"Name", value, id, false});
  return head;
}

class AccessJudgement : public ::testing::Test {
 protected:
  AccessJudgement() {
    route_.name = "stripe";
    other_.name = "github";
  }

  /// The token's name, or `-` for an admission without one, or the error.
  std::string judge(const std::vector<std::pair<FieldName, std::string_view>>& fields, const Route* route) {
    return told(judge_token(request_with(fields), kInstance, tokens_, route));
  }
  static std::string told(const Judged& judged) {
    if (!judged) return std::string(name(judged.refusal.error().code));
    return judged.access.entry != nullptr ? std::string(judged.access.token_name()) : "-";
  }

  Tokens tokens_ = set_of({{"default", {}, {}}, {"scoped", {}, {"stripe"}}});
  Route route_, other_;
  const std::string default_ = basic("shop:default"), scoped_ = basic("shop:scoped"), unknown_ = basic("shop:unknown");
};

TEST_F(AccessJudgement, AMatchedRequestNeedsAToken) {
  EXPECT_EQ(judge({}, &route_), "token_required");
  EXPECT_EQ(judge({{FieldName::authorization, default_}, {FieldName::proxy, default_}}, &route_), "token_required");
  EXPECT_EQ(judge({{FieldName::host, "x"}, {FieldName::proxy_authorization, default_}}, &route_), "default");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, unknown_}}, &route_), "token_invalid");
}

TEST_F(AccessJudgement, AnUnmatchedRequestNeedsNoneButMayShowNoBadOne) {
  EXPECT_EQ(judge({}, nullptr), "-");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, default_}}, nullptr), "default");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, unknown_}}, nullptr), "token_invalid");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, "Basic !"}}, nullptr), "token_malformed");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, default_}, {FieldName::proxy_authorization, default_}}, nullptr),
            "token_malformed");
}

TEST_F(AccessJudgement, K2SeveralFieldsAreMalformed) {
  const std::pair<FieldName, std::string_view> field{FieldName::proxy_authorization, default_};
  EXPECT_EQ(judge({field, field}, &route_), "token_malformed");
  EXPECT_EQ(judge({field, {FieldName::host, "x"}, field, field, field}, &route_), "token_malformed");
}

TEST_F(AccessJudgement, K7AScopedTokenIsForItsRoutes) {
  EXPECT_EQ(judge({{FieldName::proxy_authorization, scoped_}}, &route_), "scoped");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, scoped_}}, &other_), "token_scope");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, scoped_}}, nullptr), "scoped");
}

TEST_F(AccessJudgement, ARefusalForItsScopeStillSaysWhichTokenItWas) {
  const auto refused =
      judge_token(request_with({{FieldName::proxy_authorization, scoped_}}), kInstance, tokens_, &other_);
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.access.token_name(), "scoped");
}

TEST_F(AccessJudgement, UnenforcedNothingIsRead) {
  tokens_ = nullptr;
  EXPECT_EQ(judge({}, &route_), "-");
  EXPECT_EQ(judge({{FieldName::proxy_authorization, "nonsense"}, {FieldName::proxy_authorization, ""}}, &route_), "-");
}

TEST_F(AccessJudgement, K4HoldsAsLongAsTheTokenIsAmongThoseOfNow) {
  const auto judged =
      judge_token(request_with({{FieldName::proxy_authorization, scoped_}}), kInstance, tokens_, &route_);
  ASSERT_TRUE(judged);
  const Access& access = judged.access;
  EXPECT_EQ(told(judge_token_again(access, tokens_, &route_)), "scoped");
  EXPECT_EQ(told(judge_token_again(access, set_of({{"scoped", {}, {}}}), &route_)), "scoped");
  EXPECT_EQ(told(judge_token_again(access, set_of({{"scoped", {}, {"github"}}}), &route_)), "token_scope");
  EXPECT_EQ(told(judge_token_again(access, set_of({{"default", {}, {}}}), &route_)), "token_invalid");
  EXPECT_EQ(told(judge_token_again(access, set_of({{"default", {}, {}}}), nullptr)), "token_invalid");
  EXPECT_EQ(told(judge_token_again(access, std::make_shared<const TokenSet>(), &route_)), "token_invalid");
}

TEST_F(AccessJudgement, WhatWasAdmittedWithoutATokenNeedsOneOnceTheyAreEnforced) {
  EXPECT_EQ(told(judge_token_again({}, nullptr, &route_)), "-");
  EXPECT_EQ(told(judge_token_again({}, tokens_, &route_)), "token_required");
  EXPECT_EQ(told(judge_token_again({}, tokens_, nullptr)), "-");
}

TEST_F(AccessJudgement, OwnEndpointsTakeATokenFromEitherField) {
  const auto judge_own = [this](const std::vector<std::pair<FieldName, std::string_view>>& fields) {
    return told(judge_token_for_own_endpoint(request_with(fields), kInstance, tokens_));
  };
  EXPECT_EQ(judge_own({}), "token_required");
  EXPECT_EQ(judge_own({{FieldName::authorization, default_}}), "default");
  EXPECT_EQ(judge_own({{FieldName::proxy_authorization, scoped_}}), "scoped");
  EXPECT_EQ(judge_own({{FieldName::proxy_authorization, default_}, {FieldName::authorization, default_}}),
            "token_malformed");
  EXPECT_EQ(judge_own({{FieldName::authorization, unknown_}}), "token_invalid");
  EXPECT_EQ(told(judge_token_for_own_endpoint(request_with({}), kInstance, nullptr)), "-");
}

/// Admission to a listener: the token is the password.
class SessionJudgement : public AccessJudgement {
 protected:
  std::string judge_password(std::string_view password, std::string_view listener = "db") {
    return told(judge_session_token(password, tokens_, listener));
  }
  /// What becomes of a session that began with the token called `with`.
  std::string judge_again(std::string_view with, Tokens next, std::string_view listener = "db") {
    const Judged judged = judge_session_token(with, tokens_, listener);
    EXPECT_TRUE(judged) << with;
    return told(judge_session_token_again(judged.access, std::move(next), listener));
  }

  const Tokens of_db_ = set_of({{"default", {}, {}}, {"codex", {}, {"db"}}});
};

TEST_F(SessionJudgement, APasswordIsOneOfTheTokens) {
  EXPECT_EQ(judge_password("default"), "default");
  EXPECT_EQ(judge_password("unknown"), "token_invalid");
  EXPECT_EQ(judge_password(""), "token_invalid");
  EXPECT_EQ(judge_password("shop:default"), "token_invalid") << "it is not an HTTP credential";
}

TEST_F(SessionJudgement, K7AScopedTokenIsForItsListeners) {
  EXPECT_EQ(judge_password("scoped"), "token_scope");
  EXPECT_EQ(judge_password("scoped", "stripe"), "scoped");
  tokens_ = of_db_;
  EXPECT_EQ(judge_password("codex"), "codex");
  EXPECT_EQ(judge_password("codex", "other"), "token_scope");
}

TEST_F(SessionJudgement, K7ARefusalForItsScopeStillSaysWhichTokenItWas) {
  const Judged refused = judge_session_token("scoped", tokens_, "db");
  EXPECT_FALSE(refused);
  EXPECT_EQ(refused.access.token_name(), "scoped");
}

// K8: a listener that asks for a token has its say even where no other client needs one.
TEST_F(SessionJudgement, K8WithoutAnyTokenNoPasswordWillDo) {
  tokens_ = nullptr;
  EXPECT_EQ(judge_password("default"), "token_required");
  EXPECT_EQ(judge_password(""), "token_required");
  tokens_ = std::make_shared<const TokenSet>();
  EXPECT_EQ(judge_password("default"), "token_invalid");
}

TEST_F(SessionJudgement, K4ASessionHoldsAsLongAsItsTokenIsAmongThoseOfNow) {
  EXPECT_EQ(judge_again("default", tokens_), "default");
  EXPECT_EQ(judge_again("default", set_of({{"default", {}, {}}})), "default");
  EXPECT_EQ(judge_again("default", set_of({{"default", {}, {"db"}}})), "default");
  EXPECT_EQ(judge_again("default", set_of({{"default", {}, {"other"}}})), "token_scope");
  EXPECT_EQ(judge_again("default", set_of({{"scoped", {}, {}}})), "token_invalid");
  EXPECT_EQ(judge_again("default", std::make_shared<const TokenSet>()), "token_invalid");
}

TEST_F(SessionJudgement, ASessionEndsWhereThereAreNoTokensAnyMore) {
  EXPECT_EQ(judge_again("default", nullptr), "token_required");
}

}  // namespace
}  // namespace cordon::proxy
