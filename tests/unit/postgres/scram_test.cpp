#include "postgres/scram.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "postgres/random.hpp"

namespace cordon::postgres {
namespace {

using namespace std::literals;

// RFC 7677, section 3.
constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view kServerFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view kServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramClient::Settings settings() {
  return {std::string(kNonce), Gs2Flag::not_supported, {}, kMinIterations, "user"};
}

/// One that has sent its proof.
ScramClient proven(const ScramClient::Settings& with = settings(), std::string_view password = "pencil") {
  ScramClient client(with);
  const auto derivation = client.on_server_first_message(kServerFirst);
  EXPECT_TRUE(derivation);
  const auto salted = derive_salted_password(password, *derivation);
  EXPECT_TRUE(salted);
  EXPECT_TRUE(client.client_final_message(*salted));
  return client;
}

template <class T>
std::string sqlstate_of(const Accepted<T>& result) {
  return result ? "" : std::string(result.error().sqlstate.view());
}

std::string answer_to(std::string_view server_first, std::uint32_t min_iterations = kMinIterations) {
  ScramClient::Settings with = settings();
  with.min_iterations = min_iterations;
  ScramClient client(with);
  return sqlstate_of(client.on_server_first_message(server_first));
}

std::string with_iterations(std::string_view count) {
  return "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=" + std::string(count);
}

TEST(PostgresScram, FollowsTheExampleOfRfc7677) {
  ScramClient client(settings());
  EXPECT_EQ(client.client_first_message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto derivation = client.on_server_first_message(kServerFirst);
  ASSERT_TRUE(derivation);
  EXPECT_EQ(derivation->iterations, 4096U);
  EXPECT_EQ(derivation->salt, "\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81"sv);
  const auto salted = derive_salted_password("pencil", *derivation);
  ASSERT_TRUE(salted);
  const auto final = client.client_final_message(*salted);
  ASSERT_TRUE(final);
  EXPECT_EQ(final->view(),
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(client.on_server_final_message(kServerFinal));
}

// Values computed by another implementation (Python's hashlib and hmac).
TEST(PostgresScram, DerivesTheSaltedPassword) {
  const Derivation derivation{std::string("\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81"), 4096};
  const auto salted = derive_salted_password("pencil", derivation);
  ASSERT_TRUE(salted);
  EXPECT_EQ(
      salted->reveal(),
      "\xc4\xa4\x95\x10\x32\x3a\xb4\xf9\x52\xca\xc1\xfa\x99\x44\x19\x39\xe7\x8e\xa7\x4d\x6b\xe8\x1d\xdf\x70\x96\xe8"
      "\x75\x13\xdc\x61\x5d"sv);
}

// RFC 4013's own example: U+2168 is IX.
TEST(PostgresScram, PreparesThePassword) {
  const Derivation derivation{"salt", 1};
  const auto roman = derive_salted_password("I\xe2\x85\xa8", derivation);
  const auto letters = derive_salted_password("IIX", derivation);
  ASSERT_TRUE(roman && letters);
  EXPECT_EQ(roman->reveal(), letters->reveal());
}

// PG12
TEST(PostgresScram, SaysWhetherTheChannelIsBound) {
  ScramClient::Settings with = settings();
  with.user.clear();
  EXPECT_EQ(ScramClient(with).client_first_message(), "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
  with.flag = Gs2Flag::not_offered;
  EXPECT_EQ(ScramClient(with).client_first_message(), "y,,n=,r=rOprNGfwEbeRWgbNEkqO");
  with.flag = Gs2Flag::used;
  EXPECT_EQ(ScramClient(with).client_first_message(), "p=tls-server-end-point,,n=,r=rOprNGfwEbeRWgbNEkqO");
}

// PG12: what is bound to is proven.
TEST(PostgresScram, BindsTheChannel) {
  ScramClient::Settings with = settings();
  with.user.clear();
  with.flag = Gs2Flag::used;
  for (char byte = 0; byte < 32; ++byte)
    with.end_point += byte;
  ScramClient client(with);
  const auto derivation = client.on_server_first_message(kServerFirst);
  const auto salted = derive_salted_password("C4N4RY", derivation.value());
  const auto final = client.client_final_message(salted.value());
  ASSERT_TRUE(final);
  EXPECT_EQ(final->view(),
            "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,"
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=eWF2p47hQcmSd4BZvXuV08dZJUBLaPnR2A3UqlBXC/k=");
  EXPECT_TRUE(client.on_server_final_message("v=1+pV+ubnZSo75fb2LPbI3bc1j9vCkz7C1sNT/mEgTIY="));
}

// PG10
TEST(PostgresScram, RefusesANonceThatDoesNotExtendOurs) {
  EXPECT_EQ(answer_to("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "08P01") << "nothing of its own";
  EXPECT_EQ(answer_to("r=rOprNGfwEbeRWgbNEkq,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "08P01");
  EXPECT_EQ(answer_to("r=xOprNGfwEbeRWgbNEkqOabc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "08P01");
  EXPECT_EQ(answer_to("r=abcrOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "08P01");
  EXPECT_EQ(answer_to("r=,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "08P01");
  EXPECT_EQ(answer_to("r=rOprNGfwEbeRWgbNEkqO\n,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "08P01");
  EXPECT_EQ(answer_to("r=rOprNGfwEbeRWgbNEkqO\0x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"sv), "08P01");
  EXPECT_EQ(answer_to("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), "");
}

// PG10
TEST(PostgresScram, RefusesASaltThatIsNone) {
  const auto with_salt = [](std::string_view salt) {
    return answer_to("r=rOprNGfwEbeRWgbNEkqOx,s=" + std::string(salt) + ",i=4096");
  };
  for (const std::string_view salt :
       {"", "=", "====", "W22Z!J0S", "W22ZaJ0", "W22Z aJ0", "W22ZaJ1=", "W2==2ZaJ", "W22Z\n"}) {
    EXPECT_EQ(with_salt(salt), "08P01") << salt;
  }
  EXPECT_EQ(with_salt("QQ=="), "");
  EXPECT_EQ(with_salt(std::string(1364, 'A') + "AA=="), "") << "1,024 bytes";
  EXPECT_EQ(with_salt(std::string(1368, 'A')), "08P01") << "1,026 bytes";
}

// PG10: before anything is hashed.
TEST(PostgresScram, RefusesIterationCountsOutOfBoundsAtOnce) {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string_view count :
       {"1", "4095", "10000001", "2147483648", "4294967296", "18446744073709551617", "99999999999999999999999999"}) {
    EXPECT_EQ(answer_to(with_iterations(count)), "28000") << count;
  }
  for (const std::string_view count :
       {"", "0", "-1", "+4096", "04096", " 4096", "4096 ", "4096.0", "0x1000", "4096\n"}) {
    EXPECT_EQ(answer_to(with_iterations(count)), "08P01") << count;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(10));
  EXPECT_EQ(answer_to(with_iterations("4096")), "");
  EXPECT_EQ(answer_to(with_iterations("10000000")), "");
}

// PG10, with allow_weak_auth.
TEST(PostgresScram, TakesFewerIterationsWhereTheyAreAllowed) {
  EXPECT_EQ(answer_to(with_iterations("1"), 1), "");
  EXPECT_EQ(answer_to(with_iterations("0"), 1), "08P01");
  EXPECT_EQ(answer_to(with_iterations("10000001"), 1), "28000");
}

TEST(PostgresScram, RefusesAMalformedServerFirstMessage) {
  for (const std::string_view message :
       {""sv, "r"sv, "r="sv, "r=rOprNGfwEbeRWgbNEkqOx"sv, "r=rOprNGfwEbeRWgbNEkqOx,s=QQ=="sv,
        "r=rOprNGfwEbeRWgbNEkqOx,i=4096,s=QQ=="sv, "s=QQ==,r=rOprNGfwEbeRWgbNEkqOx,i=4096"sv,
        "m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4096"sv, "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4096,"sv,
        "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4096,x=y"sv, "r=rOprNGfwEbeRWgbNEkqOx,,s=QQ==,i=4096"sv,
        "r=rOprNGfwEbeRWgbNEkqOx,s=QQ==,i=4096\0"sv, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="sv}) {
    EXPECT_EQ(answer_to(message), "08P01") << message;
  }
  EXPECT_EQ(answer_to("e=other-error"), "28000");
}

// PG11
TEST(PostgresScram, RefusesASignatureThatIsNotTheServers) {
  const ScramClient client = proven();
  for (const std::string_view message :
       {"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="sv, "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="sv,
        "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="sv, "v="sv, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A=="sv,
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4"sv, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=AAAA"sv,
        "e=invalid-proof"sv}) {
    EXPECT_EQ(sqlstate_of(client.on_server_final_message(message)), "28000") << message;
  }
  for (const std::string_view message : {""sv, "v"sv, "r=x"sv, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=y"sv,
                                         "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,"sv}) {
    EXPECT_EQ(sqlstate_of(client.on_server_final_message(message)), "08P01") << message;
  }
  EXPECT_TRUE(client.on_server_final_message(kServerFinal));
}

// PG11
TEST(PostgresScram, RefusesAServerOfAnotherPassword) {
  EXPECT_EQ(sqlstate_of(proven(settings(), "pencils").on_server_final_message(kServerFinal)), "28000");
}

// PG11: nothing verifies before a proof was made.
TEST(PostgresScram, VerifiesNothingOutOfTurn) {
  ScramClient client(settings());
  EXPECT_EQ(sqlstate_of(client.on_server_final_message("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")), "28000");
  EXPECT_EQ(sqlstate_of(client.client_final_message(Secret(std::string(32, 'x')))), "XX000");
  ASSERT_TRUE(client.on_server_first_message(kServerFirst));
  EXPECT_EQ(sqlstate_of(client.client_final_message(Secret("short"))), "XX000");
  EXPECT_EQ(sqlstate_of(client.on_server_final_message(kServerFinal)), "28000");
}

TEST(PostgresScram, MakesANonceForEachLogin) {
  const std::string first = make_scram_nonce();
  EXPECT_EQ(first.size(), 24U);
  EXPECT_EQ(first.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
            std::string::npos);
  EXPECT_NE(first, make_scram_nonce());
}

}  // namespace
}  // namespace cordon::postgres
