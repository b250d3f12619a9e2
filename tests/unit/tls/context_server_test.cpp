#include <array>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tls/context.hpp"
#include "unit/tls/client_hello.hpp"
#include "unit/tls/handshake.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::tls {
namespace {

using test::AlertWatch;

constexpr std::uint16_t kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

std::vector<std::uint8_t> alpn_list(const std::vector<std::string>& names) {
  std::vector<std::uint8_t> list;
  for (const std::string& name : names) {
    list.push_back(static_cast<std::uint8_t>(name.size()));
    list.insert(list.end(), name.begin(), name.end());
  }
  return list;
}

/// A server for one host, and clients that believe anything.
class ServerContext : public ::testing::Test {
 protected:
  ServerContext() : identity_(test::make_test_identity({.names = "DNS:api.example.com"})) {
    auto made = make_server_context(*identity_);
    EXPECT_TRUE(made);
    server_context_ = std::move(*made);
    client_context_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX_set_verify(client_context_.get(), SSL_VERIFY_NONE, nullptr);
  }

  bssl::UniquePtr<SSL> server() { return std::move(*make_server_session(*server_context_, host_)); }

  bssl::UniquePtr<SSL> client(const char* sni) {
    bssl::UniquePtr<SSL> ssl(SSL_new(client_context_.get()));
    SSL_set_connect_state(ssl.get());
    if (sni != nullptr) SSL_set_tlsext_host_name(ssl.get(), sni);
    watch_alerts(*ssl, alerts_);
    return ssl;
  }

  void offer_alpn(const std::vector<std::string>& names) {
    const auto list = alpn_list(names);
    SSL_CTX_set_alpn_protos(client_context_.get(), list.data(), static_cast<unsigned>(list.size()));
  }

  bool serves(const char* sni) {
    const auto to_server = client(sni);
    const auto at_server = server();
    return test::join_and_shake_hands(*to_server, *at_server).done();
  }

  std::string host_ = "api.example.com";
  std::unique_ptr<Identity> identity_;
  bssl::UniquePtr<SSL_CTX> server_context_;
  bssl::UniquePtr<SSL_CTX> client_context_;
  AlertWatch alerts_;
};

std::string chosen_alpn(const SSL& ssl) {
  const std::uint8_t* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(&ssl, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

TEST_F(ServerContext, ServesTheHostByNameWhateverItsCaseAndDot) {
  EXPECT_TRUE(serves("api.example.com"));
  EXPECT_TRUE(serves("API.Example.COM"));
  EXPECT_TRUE(serves("api.example.com."));
}

// D4
TEST_F(ServerContext, ServesAClientWithoutServerName) {
  EXPECT_TRUE(serves(nullptr));
}

// D3
TEST_F(ServerContext, RefusesAnotherServerNameWithUnrecognizedName) {
  for (const char* const sni : {"other.example.com", "example.com", "api.example.com.evil.example", "api.example.com..",
                                "xapi.example.com", "*.example.com"}) {
    alerts_ = {};
    const auto to_server = client(sni);
    const auto at_server = server();
    const auto outcome = test::join_and_shake_hands(*to_server, *at_server);
    EXPECT_FALSE(outcome.client_done) << sni;
    EXPECT_FALSE(outcome.server_done) << sni;
    EXPECT_TRUE(refused_for_name(*at_server)) << sni;
    EXPECT_EQ(outcome.server_words, "client asked for another host name (SNI) than the tunnel's") << sni;
    EXPECT_EQ(alerts_.received, SSL_AD_UNRECOGNIZED_NAME) << sni;
  }
}

// D4
TEST_F(ServerContext, ToleratesTheLiteralAsServerNameOfAnAddress) {
  host_ = "192.0.2.7";
  EXPECT_TRUE(serves(nullptr));
  EXPECT_TRUE(serves("192.0.2.7"));
  EXPECT_FALSE(serves("192.0.2.8"));
  EXPECT_FALSE(serves("api.example.com"));
}

TEST_F(ServerContext, SaysNothingOfTheNameWhenAnotherThingFails) {
  SSL_CTX_set_max_proto_version(client_context_.get(), TLS1_1_VERSION);
  const auto to_server = client("api.example.com");
  const auto at_server = server();
  const auto outcome = test::join_and_shake_hands(*to_server, *at_server);
  EXPECT_FALSE(refused_for_name(*at_server));
  EXPECT_EQ(outcome.server_words, "peer offers neither TLS 1.2 nor TLS 1.3");
  EXPECT_EQ(alerts_.received, SSL_AD_PROTOCOL_VERSION);
}

TEST_F(ServerContext, SpeaksBothVersions) {
  for (const std::uint16_t version : kVersions) {
    SSL_CTX_set_max_proto_version(client_context_.get(), version);
    const auto to_server = client("api.example.com");
    const auto at_server = server();
    EXPECT_TRUE(test::join_and_shake_hands(*to_server, *at_server).done());
    EXPECT_EQ(SSL_version(at_server.get()), version);
  }
}

TEST_F(ServerContext, SelectsHttp11) {
  offer_alpn({"h2", "http/1.1"});
  const auto to_server = client("api.example.com");
  const auto at_server = server();
  ASSERT_TRUE(test::join_and_shake_hands(*to_server, *at_server).done());
  EXPECT_EQ(chosen_alpn(*to_server), "http/1.1");
}

// T10
TEST_F(ServerContext, RefusesAClientOfHttp2OnlyWithAnAlert) {
  offer_alpn({"h2"});
  const auto to_server = client("api.example.com");
  const auto at_server = server();
  const auto outcome = test::join_and_shake_hands(*to_server, *at_server);
  EXPECT_FALSE(outcome.server_done);
  EXPECT_EQ(outcome.server_words,
            "peer offers no protocol that is spoken here: http/1.1, to listeners postgresql (ALPN)");
  EXPECT_EQ(alerts_.received, SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_F(ServerContext, ChoosesNoProtocolForAClientWithoutAlpn) {
  const auto to_server = client("api.example.com");
  const auto at_server = server();
  ASSERT_TRUE(test::join_and_shake_hands(*to_server, *at_server).done());
  EXPECT_EQ(chosen_alpn(*to_server), "");
}

// T4: the ClientHello is over 4 KiB, and every byte of the handshake travels alone.
TEST_F(ServerContext, ReadsALargeClientHelloByteByByte) {
  std::vector<std::string> names(20, std::string(200, 'x'));
  names.emplace_back("http/1.1");
  offer_alpn(names);
  const auto to_server = client("api.example.com");
  const auto at_server = server();
  test::join(*to_server, *at_server, 1);
  EXPECT_TRUE(test::shake_hands(*to_server, *at_server).done());
  EXPECT_EQ(chosen_alpn(*to_server), "http/1.1");
}

std::string answer_to(SSL& server, std::string_view hello) {
  const bssl::UniquePtr<BIO> in(BIO_new(BIO_s_mem()));
  const bssl::UniquePtr<BIO> out(BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(in.get(), -1);
  BIO_up_ref(in.get());
  BIO_up_ref(out.get());
  SSL_set_bio(&server, in.get(), out.get());
  for (const char byte : hello) {
    BIO_write(in.get(), &byte, 1);
    SSL_do_handshake(&server);
    ERR_clear_error();
  }
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  BIO_mem_contents(out.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

// T4
TEST_F(ServerContext, FindsTheServerNameAtTheEndOfTwoRecords) {
  SSL_CTX_set_max_proto_version(client_context_.get(), TLS1_2_VERSION);  // so that the order of extensions is free
  const auto good = server();
  const std::string greeting = answer_to(*good, test::client_hello_with_name_last(*client("api.example.com")));
  ASSERT_GT(greeting.size(), 6U);
  EXPECT_EQ(greeting[0], 0x16);  // a handshake record...
  EXPECT_EQ(greeting[5], 0x02);  // ...with a ServerHello

  const auto bad = server();
  const std::string refusal = answer_to(*bad, test::client_hello_with_name_last(*client("other.example.com")));
  ASSERT_EQ(refusal.size(), 7U);
  EXPECT_EQ(refusal[0], 0x15);  // an alert...
  EXPECT_EQ(refusal[6], SSL_AD_UNRECOGNIZED_NAME);
  EXPECT_TRUE(refused_for_name(*bad));
}

/// Reads the tickets that TLS 1.3 sends after the handshake.
void read_tickets(SSL& client, SSL& server) {
  SSL_write(&server, "x", 1);
  char byte = 0;
  ASSERT_EQ(SSL_read(&client, &byte, 1), 1);
}

class Resumption : public ServerContext, public ::testing::WithParamInterface<std::uint16_t> {
 protected:
  Resumption() {
    SSL_CTX_set_max_proto_version(client_context_.get(), GetParam());
    SSL_CTX_set_session_cache_mode(client_context_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(client_context_.get(), this);
    SSL_CTX_sess_set_new_cb(client_context_.get(), [](SSL* ssl, SSL_SESSION* session) {
      static_cast<Resumption*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->session_.reset(session);
      return 1;
    });
    SSL_CTX_set_early_data_enabled(client_context_.get(), 1);
    const auto to_server = client("api.example.com");
    const auto at_server = server();
    EXPECT_TRUE(test::join_and_shake_hands(*to_server, *at_server).done());
    read_tickets(*to_server, *at_server);
  }

  bssl::UniquePtr<SSL_SESSION> session_;
};

TEST_P(Resumption, WorksByTicketWithTheSameSettingsOnly) {
  ASSERT_TRUE(session_);
  const auto again = client("api.example.com");
  SSL_set_session(again.get(), session_.get());
  const auto at_server = server();
  EXPECT_TRUE(test::join_and_shake_hands(*again, *at_server).done());
  EXPECT_TRUE(SSL_session_reused(at_server.get()));

  server_context_ = std::move(*make_server_context(*identity_));
  const auto elsewhere = client("api.example.com");
  SSL_set_session(elsewhere.get(), session_.get());
  const auto at_other = server();
  EXPECT_TRUE(test::join_and_shake_hands(*elsewhere, *at_other).done());
  EXPECT_FALSE(SSL_session_reused(at_other.get()));
}

// D3
TEST_P(Resumption, IsRefusedForAnotherServerName) {
  ASSERT_TRUE(session_);
  const auto again = client("other.example.com");
  SSL_set_session(again.get(), session_.get());
  const auto at_server = server();
  EXPECT_FALSE(test::join_and_shake_hands(*again, *at_server).done());
  EXPECT_EQ(alerts_.received, SSL_AD_UNRECOGNIZED_NAME);
}

// T9: the tickets allow no early data, even to a client that wants it.
TEST_P(Resumption, OffersNoEarlyData) {
  ASSERT_TRUE(session_);
  EXPECT_FALSE(SSL_SESSION_early_data_capable(session_.get()));
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, ::testing::ValuesIn(kVersions),
                         [](const auto& each) { return each.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

// T9
TEST_F(ServerContext, AsksForNoClientCertificate) {
  bool asked = false;
  SSL_CTX_set_cert_cb(
      client_context_.get(),
      [](SSL*, void* flag) {
        *static_cast<bool*>(flag) = true;
        return 1;
      },
      &asked);
  EXPECT_TRUE(serves("api.example.com"));
  EXPECT_FALSE(asked);
}

TEST(ServerContextPairs, RefusesAKeyThatDoesNotMatch) {
  const auto identity = test::make_test_identity({.names = "DNS:a.example"});
  bssl::UniquePtr<X509> certificate(X509_dup(identity->certificate()));
  const Identity mixed(std::move(certificate), test::make_test_key());
  const auto made = make_server_context(mixed);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::internal);
}

TEST(DrainErrors, JoinsAndEmptiesTheQueue) {
  ERR_put_error(ERR_LIB_SSL, 0, SSL_R_HTTP_REQUEST, "", 0);
  ERR_put_error(ERR_LIB_SSL, 0, SSL_R_BAD_ALERT, "", 0);
  const std::string line = drain_errors();
  EXPECT_NE(line.find("HTTP_REQUEST"), std::string::npos) << line;
  EXPECT_NE(line.find("; "), std::string::npos) << line;
  EXPECT_EQ(drain_errors(), "");
}

}  // namespace
}  // namespace cordon::tls
