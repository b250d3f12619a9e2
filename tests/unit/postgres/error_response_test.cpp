#include "postgres/error_response.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordon::postgres {
namespace {

using namespace std::literals;

Accepted<ErrorResponse> parse(std::string_view payload) {
  return parse_error_response(base::as_bytes(payload));
}

TEST(PostgresErrorResponse, ReadsWhatAServerSends) {
  const auto error = parse(
      "SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"app_user\"\0Fauth.c\0L335\0Rauth_failed\0\0"sv);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->severity, "FATAL");
  EXPECT_EQ(error->sqlstate, kInvalidPassword);
}

TEST(PostgresErrorResponse, PrefersTheSeverityThatIsNotTranslated) {
  EXPECT_EQ(parse("SSCHWERWIEGEND\0VFATAL\0C53300\0Mx\0\0"sv)->severity, "FATAL");
  EXPECT_EQ(parse("SSCHWERWIEGEND\0C53300\0Mx\0\0"sv)->severity, "SCHWERWIEGEND");
}

TEST(PostgresErrorResponse, RefusesWhatIsMalformed) {
  const std::string_view cases[] = {
      ""sv,
      "\0"sv,
      "could not fork new process for connection\0"sv,  // of servers before 7.4, and of one that cannot fork
      "SFATAL\0C28P01\0Mx\0"sv,                         // no terminator
      "SFATAL\0C28P01\0Mx\0\0more"sv,
      "SFATAL\0C28P01\0Mx"sv,
      "SFATAL\0Mx\0\0"sv,
      "C28P01\0Mx\0\0"sv,
      "SFATAL\0C28p01\0Mx\0\0"sv,
      "SFATAL\0C\0Mx\0\0"sv,
  };
  for (const std::string_view payload : cases) {
    const auto error = parse(payload);
    ASSERT_FALSE(error) << payload;
    EXPECT_EQ(error.error().sqlstate, kProtocolViolation);
  }
}

TEST(PostgresErrorResponse, IsWrittenWithBothSeverities) {
  base::WipedBuffer out;
  compose_error_response(kUnableToConnect, "no way", out);
  EXPECT_EQ(out.view(), "E\0\0\0\x22SFATAL\0VFATAL\0C08001\0Mno way\0\0"sv);
}

TEST(PostgresErrorResponse, EndsItsMessageAtANul) {
  base::WipedBuffer out;
  compose_error_response(kUnableToConnect, "no\0Wwhere"sv, out);
  base::WipedBuffer plain;
  compose_error_response(kUnableToConnect, "no", plain);
  EXPECT_EQ(out.view(), plain.view());
}

// The real role's name never shows.
TEST(PostgresErrorResponse, HasNothingOfTheOriginsText) {
  const std::string_view text = "SFATAL\0VFATAL\0C28000\0Mrole \"app_user\" is not permitted to log in\0\0"sv;
  base::WipedBuffer out;
  compose_error_response(read_refusal(base::as_bytes(text)), "shop", out);
  EXPECT_EQ(out.view().find("app_user"), std::string_view::npos);
  const auto again = parse(out.view().substr(5));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sqlstate, kInvalidAuthorization);
}

TEST(PostgresErrorResponse, ComesToARefusal) {
  const Refusal refusal = read_refusal(base::as_bytes("SFATAL\0VFATAL\0C28P01\0Mx\0\0"sv));
  EXPECT_EQ(refusal.sqlstate, kInvalidPassword);
  EXPECT_TRUE(refusal.means_wrong_credentials());
  const Refusal malformed = read_refusal(base::as_bytes("nonsense"));
  EXPECT_EQ(malformed.sqlstate, kProtocolViolation);
  EXPECT_EQ(malformed.by, Refusal::By::cordon);
}

}  // namespace
}  // namespace cordon::postgres
