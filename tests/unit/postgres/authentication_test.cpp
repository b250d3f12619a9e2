#include "postgres/authentication.hpp"

#include <gtest/gtest.h>

namespace cordon::postgres {
namespace {

using namespace std::literals;

TEST(PostgresAuthentication, WritesWhatAClientReads) {
  base::WipedBuffer out;
  compose_authentication_cleartext_password(out);
  compose_authentication_ok(out);
  EXPECT_EQ(out.view(), "R\0\0\0\x08\0\0\0\x03R\0\0\0\x08\0\0\0\0"sv);
}

TEST(PostgresAuthentication, ReadsAPasswordMessage) {
  base::WipedBuffer out;
  compose_password_message("cdn_token", out);
  base::ConstBytes input = out.bytes();
  const auto frame = next_frame(input, kMaxLoginPayload);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(parse_password_message(**frame), "cdn_token");
  EXPECT_EQ(parse_password_message({'p', base::as_bytes("\0"sv)}), "");
}

TEST(PostgresAuthentication, RefusesWhatIsNoPasswordMessage) {
  const Frame cases[] = {
      {'Q', base::as_bytes("select 1\0"sv)}, {'p', {}},
      {'p', base::as_bytes("token"sv)},      {'p', base::as_bytes("token\0\0"sv)},
      {'p', base::as_bytes("to\0ken\0"sv)},  {'p', base::as_bytes("SCRAM-SHA-256\0\0\0\0\x03n,,"sv)}};
  for (const Frame& frame : cases) {
    const auto password = parse_password_message(frame);
    ASSERT_FALSE(password) << base::as_text(frame.payload);
    EXPECT_EQ(password.error().sqlstate, kProtocolViolation);
  }
}

}  // namespace
}  // namespace cordon::postgres
