#include "proxy/postgres_refusal.hpp"

#include <gtest/gtest.h>

namespace cordon::proxy {
namespace {

std::string sqlstate_of(const SessionRefusal& refusal) {
  return std::string(refusal.sqlstate.view());
}

TEST(PostgresRefusal, EachOfOurCodesHasItsSqlstate) {
  const std::pair<Errc, std::string_view> rows[] = {
      {Errc::bad_request, "08P01"},         {Errc::not_supported, "0A000"},        {Errc::tls_required, "28000"},
      {Errc::replication_refused, "28000"}, {Errc::too_many_connections, "53300"}, {Errc::token_required, "28P01"},
      {Errc::token_invalid, "28P01"},       {Errc::token_scope, "28P01"},          {Errc::peer_refused, "28000"},
      {Errc::binding_unapproved, "28000"},  {Errc::secret_unavailable, "28000"},   {Errc::destination_denied, "08001"},
      {Errc::upstream_dns, "08001"},        {Errc::upstream_connect, "08001"},     {Errc::upstream_tls, "08001"},
      {Errc::upstream_timeout, "08001"},    {Errc::upstream_protocol, "08P01"},    {Errc::internal, "XX000"},
  };
  for (const auto& [code, sqlstate] : rows) {
    const SessionRefusal refusal = refuse_session({code, {}});
    EXPECT_EQ(refusal.code, code);
    EXPECT_EQ(sqlstate_of(refusal), sqlstate) << name(code);
    EXPECT_EQ(refusal.manner, SessionRefusal::Manner::told);
    EXPECT_FALSE(refusal.message.empty()) << name(code);
  }
}

TEST(PostgresRefusal, CodesThatAreNoRefusalBecomeTheNearest) {
  EXPECT_EQ(refuse_session({Errc::timed_out, {}}).code, Errc::upstream_timeout);
  EXPECT_EQ(refuse_session({Errc::end_of_stream, {}}).code, Errc::upstream_connect);
  EXPECT_EQ(refuse_session({Errc::connection_lost, {}}).code, Errc::upstream_connect);
  const SessionRefusal other = refuse_session({Errc::file_missing, {}});
  EXPECT_EQ(other.code, Errc::internal);
  EXPECT_EQ(sqlstate_of(other), "XX000");
}

TEST(PostgresRefusal, TheContextIsPartOfTheMessage) {
  const std::string message = refuse_session({Errc::upstream_tls, "certificate has expired"}).message;
  EXPECT_TRUE(message.ends_with(" (certificate has expired)")) << message;
  EXPECT_EQ(refuse_session({Errc::upstream_tls, {}}).message.find('('), std::string::npos);
}

TEST(PostgresRefusal, NobodyIsToldOfTheClientsOwnEnd) {
  for (const Errc code : {Errc::end_of_stream, Errc::connection_lost, Errc::timed_out, Errc::cancelled}) {
    const SessionRefusal end = end_of_client({code, {}});
    EXPECT_EQ(end.code, code);
    EXPECT_EQ(end.manner, SessionRefusal::Manner::closed_upon);
    EXPECT_EQ(end.message, "");
  }
}

TEST(PostgresRefusal, WhatIsWrongWithTheClientIsABadRequestUnlessItIsAnotherProtocol) {
  const auto malformed = refuse_client(postgres::refuse(postgres::kProtocolViolation, "it has no NUL").error());
  EXPECT_EQ(malformed.code, Errc::bad_request);
  EXPECT_EQ(sqlstate_of(malformed), "08P01");
  EXPECT_EQ(malformed.message, "it has no NUL");
  const auto nobody = refuse_client(postgres::refuse(postgres::kInvalidAuthorization, "no user").error());
  EXPECT_EQ(nobody.code, Errc::bad_request);
  EXPECT_EQ(sqlstate_of(nobody), "28000");
  const auto old = refuse_client(postgres::refuse(postgres::kFeatureNotSupported, "protocol 2").error());
  EXPECT_EQ(old.code, Errc::not_supported);
  EXPECT_EQ(sqlstate_of(old), "0A000");
}

// PG16: only these two are worth another try with what the store says now.
TEST(PostgresRefusal, AnOriginThatRefusesTheRoleOrItsPasswordIsUpstreamAuth) {
  for (const auto sqlstate : {postgres::kInvalidPassword, postgres::kInvalidAuthorization}) {
    const auto refusal = refuse_origin(postgres::refusal_by_origin(sqlstate), "shop");
    EXPECT_EQ(refusal.code, Errc::upstream_auth);
    EXPECT_EQ(refusal.sqlstate, sqlstate);
  }
}

TEST(PostgresRefusal, AnOriginThatRefusesTheSessionIsUpstreamRefused) {
  for (const auto sqlstate : {postgres::kTooManyConnections, postgres::kCannotConnectNow, postgres::kInvalidCatalogName,
                              *postgres::SqlState::parse("42501")}) {
    const auto refusal = refuse_origin(postgres::refusal_by_origin(sqlstate), "shop");
    EXPECT_EQ(refusal.code, Errc::upstream_refused) << sqlstate.view();
    EXPECT_EQ(refusal.sqlstate, sqlstate);
  }
}

TEST(PostgresRefusal, TheClientsOwnDatabaseIsNamedAndNothingElse) {
  const auto missing = refuse_origin(postgres::refusal_by_origin(postgres::kInvalidCatalogName), "shop");
  EXPECT_NE(missing.message.find("shop"), std::string::npos) << missing.message;
  const auto crowded = refuse_origin(postgres::refusal_by_origin(postgres::kTooManyConnections), "shop");
  EXPECT_EQ(crowded.message.find("shop"), std::string::npos) << crowded.message;
}

// PG9, PG11: what we refuse about an origin is never taken for a wrong password, so no second password is tried on it.
TEST(PostgresRefusal, WhatWeRefuseOfAnOriginIsItsLoginOrItsProtocol) {
  const auto weak = refuse_origin(postgres::refuse(postgres::kInvalidAuthorization, "it asks for MD5").error(), "shop");
  EXPECT_EQ(weak.code, Errc::upstream_login);
  EXPECT_EQ(sqlstate_of(weak), "28000");
  const auto malformed = refuse_origin(postgres::refuse(postgres::kProtocolViolation, "no length").error(), "shop");
  EXPECT_EQ(malformed.code, Errc::upstream_protocol);
  EXPECT_EQ(sqlstate_of(malformed), "08P01");
}

}  // namespace
}  // namespace cordon::proxy
