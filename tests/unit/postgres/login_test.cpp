#include "postgres/login.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cordon::postgres {
namespace {

using namespace std::literals;

constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

LoginSettings settings() {
  return {"app_user", Transport::verified_tls, {}, WeakAuth::refused, "rOprNGfwEbeRWgbNEkqO"};
}

/// A login and the secret that it is asked with.
class PostgresLogin : public ::testing::Test {
 protected:
  Accepted<LoginStep> take(char type, std::string_view payload) {
    return login_.on_server_message({type, base::as_bytes(payload)}, secret_);
  }

  Accepted<LoginStep> authentication(AuthenticationCode code, std::string_view rest = {}) {
    return authentication(to_wire(code), rest);
  }

  Accepted<LoginStep> authentication(std::uint32_t code, std::string_view rest = {}) {
    return take('R', std::string(Int32(code).view()) + std::string(rest));
  }

  /// Up to where the salted password is to come.
  void ask_for_scram() {
    ASSERT_TRUE(authentication(AuthenticationCode::sasl, "SCRAM-SHA-256\0\0"sv));
    const auto step = authentication(AuthenticationCode::sasl_continue, kServerFirst);
    ASSERT_TRUE(step);
    ASSERT_EQ(step->kind, LoginStep::Kind::derive);
  }

  Login login_{settings()};
  Secret secret_{"C4N4RY"};
};

TEST_F(PostgresLogin, WantsTheSaltedPasswordOnlyAfterItHasAsked) {
  const Secret salted(std::string(32, 's'));
  EXPECT_FALSE(login_.on_salted_password(salted));
  ask_for_scram();
  EXPECT_FALSE(login_.on_salted_password(Secret("short")));
  EXPECT_TRUE(login_.on_salted_password(salted));
  EXPECT_FALSE(login_.on_salted_password(salted));
}

TEST_F(PostgresLogin, RefusesAMessageWhileItDerives) {
  ask_for_scram();
  const auto step = authentication(AuthenticationCode::sasl_final, "v=AAAA");
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().sqlstate, kProtocolViolation);
}

TEST_F(PostgresLogin, DoesNotGoOnAfterItsEnd) {
  LoginSettings weak = settings();
  weak.weak_auth = WeakAuth::allowed;
  login_ = Login(weak);
  const auto done = authentication(AuthenticationCode::ok);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->kind, LoginStep::Kind::done);
  EXPECT_FALSE(authentication(AuthenticationCode::ok));
  EXPECT_FALSE(authentication(AuthenticationCode::sasl, "SCRAM-SHA-256\0\0"sv));
}

// PG9: every method that is not known by its name, and those that are.
TEST_F(PostgresLogin, RefusesEveryOtherMethod) {
  for (std::uint32_t code = 1; code < 300; ++code) {
    if (code >= to_wire(AuthenticationCode::sasl) && code <= to_wire(AuthenticationCode::sasl_final)) continue;
    login_ = Login(settings());
    const auto step = authentication(code, code == to_wire(AuthenticationCode::md5_password) ? "salt" : "");
    ASSERT_FALSE(step) << code;
    EXPECT_EQ(step.error().sqlstate, kInvalidAuthorization) << code;
    EXPECT_FALSE(step.error().means_wrong_credentials());
  }
}

TEST_F(PostgresLogin, HoldsNoSecretInAnythingButASend) {
  const auto first = authentication(AuthenticationCode::sasl, "SCRAM-SHA-256\0\0"sv);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->message.view().find("C4N4RY"), std::string_view::npos);
  EXPECT_EQ(first->message.view().find("app_user"), std::string_view::npos);
}

}  // namespace
}  // namespace cordon::postgres
