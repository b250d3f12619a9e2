// What is spoken inside TLS, as both ends name it (ALPN).
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tls/context.hpp"
#include "tls/roots.hpp"
#include "unit/tls/handshake.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::tls {
namespace {

constexpr std::uint16_t kVersions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
const std::string kHost = "localhost";

/// A server for this machine's own names, below a trusted root.
class ContextProtocol : public ::testing::Test {
 protected:
  ContextProtocol()
      : root_(test::make_test_identity({.common_name = "root", .authority = true})),
        identity_(test::make_test_identity({.names = "DNS:localhost", .usage = "serverAuth"}, root_.get())) {
    const std::vector<std::string> pems = {test::to_pem(*root_->certificate())};
    origin_context_ = std::move(*make_origin_context(std::move(*make_root_store(pems))));
    any_client_context_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX_set_verify(any_client_context_.get(), SSL_VERIFY_NONE, nullptr);
  }

  /// One of ours at each end.
  test::HandshakeOutcome connect(Protocol at_server, Protocol at_client) {
    serve(at_server);
    client_ = std::move(*make_origin_session(*origin_context_, kHost, at_client));
    return test::join_and_shake_hands(*client_, *server_);
  }

  /// A client that offers `names`, or no ALPN at all.
  test::HandshakeOutcome connect(Protocol at_server, const std::vector<std::string>& names, const char* sni = nullptr) {
    serve(at_server);
    client_.reset(SSL_new(any_client_context_.get()));
    SSL_set_connect_state(client_.get());
    std::string list;
    for (const std::string& name : names)
      list += static_cast<char>(name.size()) + name;
    SSL_set_alpn_protos(client_.get(), reinterpret_cast<const std::uint8_t*>(list.data()),
                        static_cast<unsigned>(list.size()));
    if (sni != nullptr) SSL_set_tlsext_host_name(client_.get(), sni);
    test::watch_alerts(*client_, alerts_);
    return test::join_and_shake_hands(*client_, *server_);
  }

  void serve(Protocol protocol) {
    server_context_ = std::move(*make_server_context(*identity_, protocol));
    server_ = std::move(*make_server_session(*server_context_));
  }

  bool both_agreed_on(Protocol protocol) const {
    EXPECT_EQ(agreed_on(*client_, protocol), agreed_on(*server_, protocol));
    return agreed_on(*server_, protocol);
  }

  std::unique_ptr<Identity> root_, identity_;
  bssl::UniquePtr<SSL_CTX> server_context_, origin_context_, any_client_context_;
  bssl::UniquePtr<SSL> client_, server_;
  test::AlertWatch alerts_;
};

TEST_F(ContextProtocol, PG5BothEndsOfOursAgreeOnPostgresql) {
  for (const std::uint16_t version : kVersions) {
    SSL_CTX_set_max_proto_version(origin_context_.get(), version);
    const auto outcome = connect(Protocol::postgresql, Protocol::postgresql);
    EXPECT_TRUE(outcome.done()) << outcome.client_words << outcome.server_words;
    EXPECT_TRUE(both_agreed_on(Protocol::postgresql));
    EXPECT_FALSE(both_agreed_on(Protocol::http1));
  }
}

TEST_F(ContextProtocol, HttpIsSpokenUnlessAnotherIsNamed) {
  EXPECT_TRUE(connect(Protocol::http1, Protocol::http1).done());
  EXPECT_TRUE(both_agreed_on(Protocol::http1));
  EXPECT_FALSE(both_agreed_on(Protocol::postgresql));
}

// PG5, and the ALPACA attack: an HTTP client is not talked into a PostgreSQL session, nor the other way round.
TEST_F(ContextProtocol, PG5OneProtocolIsNotTakenForTheOther) {
  for (const auto& [server, client] :
       {std::pair{Protocol::postgresql, Protocol::http1}, std::pair{Protocol::http1, Protocol::postgresql}}) {
    const auto outcome = connect(server, client);
    EXPECT_FALSE(outcome.client_done);
    EXPECT_FALSE(outcome.server_done);
    EXPECT_TRUE(outcome.server_words.ends_with(" (ALPN)")) << outcome.server_words;
  }
}

TEST_F(ContextProtocol, PG5AnOfferWithoutPostgresqlGetsAnAlert) {
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{"http/1.1"}, {"postgres"}, {"POSTGRESQL"}, {"postgresql2"}, {"h2", "x"}}) {
    EXPECT_FALSE(connect(Protocol::postgresql, names).server_done) << names.front();
    EXPECT_EQ(alerts_.received, SSL_AD_NO_APPLICATION_PROTOCOL) << names.front();
  }
}

TEST_F(ContextProtocol, PG5PostgresqlIsFoundAmongOthers) {
  ASSERT_TRUE(connect(Protocol::postgresql, {"h2", "postgresql", "http/1.1"}).done());
  EXPECT_TRUE(both_agreed_on(Protocol::postgresql));
}

// Older clients, after SSLRequest: they say nothing, and nothing is agreed on.
TEST_F(ContextProtocol, PG5AClientWithoutAlpnIsServedAndAgreesOnNothing) {
  ASSERT_TRUE(connect(Protocol::postgresql, std::vector<std::string>{}).done());
  EXPECT_FALSE(both_agreed_on(Protocol::postgresql));
  EXPECT_FALSE(both_agreed_on(Protocol::http1));
}

TEST_F(ContextProtocol, NothingIsAgreedOnBeforeTheHandshake) {
  serve(Protocol::postgresql);
  EXPECT_FALSE(agreed_on(*server_, Protocol::postgresql));
}

TEST_F(ContextProtocol, AServerWithoutAHostServesEveryName) {
  for (const char* sni : {"localhost", "db.example", "LOCALHOST.", "127-0-0-1.example"})
    EXPECT_TRUE(connect(Protocol::postgresql, {"postgresql"}, sni).done()) << sni;
}

std::string der_of(X509& certificate) {
  std::uint8_t* data = nullptr;
  const int size = i2d_X509(&certificate, &data);
  const bssl::UniquePtr<std::uint8_t> owned(data);
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

/// The length of the longest record that `bytes`, whole records, hold.
std::size_t longest_record(std::string_view bytes) {
  std::size_t longest = 0;
  while (bytes.size() >= 5) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
    const std::size_t length = at(3) << 8 | at(4);
    longest = std::max(longest, length);
    bytes.remove_prefix(std::min(bytes.size(), 5 + length));
  }
  return longest;
}

// PG19: libpq's asynchronous reader never sees the end of a record that is larger than what it reads at a time.
TEST_F(ContextProtocol, PG19RecordsForPostgresqlClientsAreNoLargerThanWhatLibpqReads) {
  constexpr std::size_t kOverhead = 24;  // RFC 8446 section 5.2, RFC 5288: nonce or content type, and the tag
  for (const Protocol protocol : {Protocol::http1, Protocol::postgresql}) {
    ASSERT_TRUE(connect(protocol, protocol).done());
    const bssl::UniquePtr<BIO> sent(BIO_new(BIO_s_mem()));
    BIO_up_ref(sent.get());
    SSL_set0_wbio(server_.get(), sent.get());
    const std::string much(40'000, 'x');
    ASSERT_GT(SSL_write(server_.get(), much.data(), static_cast<int>(much.size())), 0);
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
    ASSERT_EQ(BIO_mem_contents(sent.get(), &data, &size), 1);
    const std::size_t longest = longest_record({reinterpret_cast<const char*>(data), size});
    if (protocol == Protocol::postgresql)
      EXPECT_LE(longest, 8'192U + kOverhead);
    else
      EXPECT_GT(longest, 16'000U) << "fewer and larger ones cost less";
  }
}

// PG12: what channel binding hashes.
TEST_F(ContextProtocol, PG12TheOriginsCertificateIsKnownAsItWasShown) {
  for (const std::uint16_t version : kVersions) {
    SSL_CTX_set_max_proto_version(origin_context_.get(), version);
    ASSERT_TRUE(connect(Protocol::postgresql, Protocol::postgresql).done());
    const auto seen = peer_certificate(*client_);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(seen.data()), seen.size()), der_of(*identity_->certificate()));
  }
}

TEST_F(ContextProtocol, APeerThatShowsNoCertificateHasNone) {
  serve(Protocol::postgresql);
  EXPECT_TRUE(peer_certificate(*server_).empty()) << "before the handshake";
  ASSERT_TRUE(connect(Protocol::postgresql, Protocol::postgresql).done());
  EXPECT_TRUE(peer_certificate(*server_).empty()) << "a client";
}

}  // namespace
}  // namespace cordon::tls
