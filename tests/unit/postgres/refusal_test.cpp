#include "postgres/refusal.hpp"

#include <gtest/gtest.h>

namespace cordon::postgres {
namespace {

TEST(PostgresRefusal, ReadsSqlStatesOnly) {
  const auto state = SqlState::parse("28P01");
  ASSERT_TRUE(state);
  EXPECT_EQ(*state, kInvalidPassword);
  EXPECT_EQ(state->view(), "28P01");
  for (const std::string_view text : {"", "28P0", "28P011", "28p01", "28 01", "28\n01",
                                      "2\xc3\xa9"
                                      "01"}) {
    EXPECT_FALSE(SqlState::parse(text)) << text;
  }
}

TEST(PostgresRefusal, KeepsTheOriginsSqlStateAndSaysItInOurWords) {
  const struct {
    const char* sqlstate;
    std::string_view sentence;
  } cases[] = {
      {"28P01", "the server refused the password that Cordon put in"},
      {"28000",
       "the server does not let this session in: its pg_hba.conf has no entry for it, or it refused the role or "
       "its certificate"},
      {"53300", "the server has no connection left"},
      {"53200", "the server is short of resources"},
      {"42501", "the role may not connect to this database"},
      {"42704", "the server does not know a parameter of the session"},
      {"22023", "the server refused a parameter of the session"},
      {"57P03", "the server does not accept connections now"},
      {"57P01", "the server is shutting down"},
      {"0A000", "the server does not support what the client asks for"},
      {"XX000", "the server refused the session"},
      {"ZZZZZ", "the server refused the session"},
  };
  for (const auto& row : cases) {
    const Refusal refusal = refusal_by_origin(SqlState::parse(row.sqlstate).value());
    EXPECT_EQ(refusal.sqlstate.view(), row.sqlstate);
    EXPECT_EQ(refusal.sentence, row.sentence) << row.sqlstate;
    EXPECT_EQ(refusal.by, Refusal::By::origin);
    EXPECT_EQ(message_for_client(refusal, "shop"), row.sentence);
  }
}

TEST(PostgresRefusal, NamesTheClientsOwnDatabase) {
  EXPECT_EQ(message_for_client(refusal_by_origin(kInvalidCatalogName), "shop"), "database \"shop\" does not exist");
}

// PG16: what makes the session fetch the secret again.
TEST(PostgresRefusal, MeansWrongCredentialsOnlyWhenTheOriginSaysSo) {
  EXPECT_TRUE(refusal_by_origin(kInvalidPassword).means_wrong_credentials());
  EXPECT_TRUE(refusal_by_origin(kInvalidAuthorization).means_wrong_credentials());
  EXPECT_FALSE(refusal_by_origin(kTooManyConnections).means_wrong_credentials());
  EXPECT_FALSE(Refusal(refuse(kInvalidPassword, "").error()).means_wrong_credentials());
}

}  // namespace
}  // namespace cordon::postgres
