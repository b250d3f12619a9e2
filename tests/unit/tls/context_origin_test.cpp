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

using test::CertificateSpec;

/// Origins with all kinds of certificates, below one trusted root.
class OriginContext : public ::testing::Test {
 protected:
  OriginContext() : root_(test::make_test_identity({.common_name = "root", .authority = true, .ends_in = 86'400})) {
    trust(*root_);
  }

  void trust(const Identity& root) {
    const std::vector<std::string> pems = {test::to_pem(*root.certificate())};
    auto store = make_root_store(pems);
    EXPECT_TRUE(store);
    client_context_ = std::move(*make_origin_context(std::move(*store)));
  }

  void present(const Identity& identity) {
    origin_context_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX_use_certificate(origin_context_.get(), identity.certificate());
    SSL_CTX_use_PrivateKey(origin_context_.get(), identity.key());
  }

  void present(const CertificateSpec& spec) { present(*test::make_test_identity(spec, root_.get())); }

  test::HandshakeOutcome connect(const std::string& host) {
    host_ = host;
    client_ = std::move(*make_origin_session(*client_context_, host_));
    origin_.reset(SSL_new(origin_context_.get()));
    SSL_set_accept_state(origin_.get());
    return test::join_and_shake_hands(*client_, *origin_);
  }

  /// The words of the failure, or `accepted`.
  std::string verdict(const std::string& host) {
    const auto outcome = connect(host);
    return outcome.client_done ? "accepted" : outcome.client_words;
  }

  std::string host_;
  std::unique_ptr<Identity> root_;
  bssl::UniquePtr<SSL_CTX> client_context_;
  bssl::UniquePtr<SSL_CTX> origin_context_;
  bssl::UniquePtr<SSL> client_;
  bssl::UniquePtr<SSL> origin_;
};

TEST_F(OriginContext, AcceptsACertificateForTheHost) {
  present({.names = "DNS:other.example, DNS:api.example.com"});
  EXPECT_EQ(verdict("api.example.com"), "accepted");
}

TEST_F(OriginContext, AcceptsAWholeLabelWildcardOnly) {
  present({.names = "DNS:*.example.com, DNS:a*.example.net"});
  EXPECT_EQ(verdict("api.example.com"), "accepted");
  EXPECT_EQ(verdict("a.b.example.com"), "certificate is for another host");
  EXPECT_EQ(verdict("example.com"), "certificate is for another host");
  EXPECT_EQ(verdict("api.example.net"), "certificate is for another host");
}

// T5
TEST_F(OriginContext, RefusesAnotherName) {
  present({.names = "DNS:other.example.com"});
  EXPECT_EQ(verdict("api.example.com"), "certificate is for another host");
}

// T5: the subject's common name is no name of a host.
TEST_F(OriginContext, RefusesACertificateWithoutNames) {
  present({.common_name = "api.example.com"});
  EXPECT_EQ(verdict("api.example.com"), "certificate is for another host");
}

// T5
TEST_F(OriginContext, RefusesAnEndedCertificate) {
  present({.names = "DNS:api.example.com", .starts_in = -7200, .ends_in = -3600});
  EXPECT_EQ(verdict("api.example.com"), "certificate has expired");
}

TEST_F(OriginContext, RefusesACertificateOfTheFuture) {
  present({.names = "DNS:api.example.com", .starts_in = 3600, .ends_in = 7200});
  EXPECT_EQ(verdict("api.example.com"), "certificate is not valid yet (is this machine's clock right?)");
}

// T5
TEST_F(OriginContext, RefusesASelfSignedCertificate) {
  present(*test::make_test_identity({.names = "DNS:api.example.com"}));
  EXPECT_EQ(verdict("api.example.com"), "certificate is self-signed and not among the trusted roots");
}

TEST_F(OriginContext, RefusesAnUnknownIssuer) {
  const auto stranger = test::make_test_identity({.common_name = "stranger", .authority = true});
  present(*test::make_test_identity({.names = "DNS:api.example.com"}, stranger.get()));
  EXPECT_EQ(verdict("api.example.com"),
            "certificate's issuer is not among the trusted roots, or the server does not send its chain");
}

// A leaf must not sign another leaf, even when its own issuer is trusted.
TEST_F(OriginContext, RefusesALeafAsIssuer) {
  const auto leaf = test::make_test_identity({.common_name = "leaf", .names = "DNS:leaf.example"}, root_.get());
  const auto forged = test::make_test_identity({.names = "DNS:api.example.com"}, leaf.get());
  present(*forged);
  SSL_CTX_add1_chain_cert(origin_context_.get(), leaf->certificate());
  EXPECT_NE(verdict("api.example.com"), "accepted");
}

TEST_F(OriginContext, RefusesACertificateThatIsNotForServers) {
  present({.names = "DNS:api.example.com", .usage = "clientAuth"});
  EXPECT_EQ(verdict("api.example.com"), "certificate is not for servers");
  present({.names = "DNS:api.example.com", .usage = "serverAuth"});
  EXPECT_EQ(verdict("api.example.com"), "accepted");
}

// T5
TEST_F(OriginContext, RefusesTls11) {
  present({.names = "DNS:api.example.com"});
  SSL_CTX_set_min_proto_version(origin_context_.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(origin_context_.get(), TLS1_1_VERSION);
  EXPECT_EQ(verdict("api.example.com"), "peer offers neither TLS 1.2 nor TLS 1.3");
}

TEST_F(OriginContext, ChecksTheAddressOfALiteralAndSendsNoServerName) {
  present({.names = "IP:192.0.2.7, IP:2001:db8::7, DNS:192.0.2.8"});
  EXPECT_EQ(verdict("192.0.2.7"), "accepted");
  EXPECT_EQ(SSL_get_servername(origin_.get(), TLSEXT_NAMETYPE_host_name), nullptr);
  EXPECT_EQ(verdict("2001:db8::7"), "accepted");
  EXPECT_EQ(verdict("192.0.2.8"), "certificate is for another address");
}

TEST_F(OriginContext, SendsTheNameAndOffersHttp11) {
  present({.names = "DNS:api.example.com"});
  static std::string offered;  // the callback is a plain function
  SSL_CTX_set_alpn_select_cb(
      origin_context_.get(),
      [](SSL*, const std::uint8_t**, std::uint8_t*, const std::uint8_t* in, unsigned size, void*) {
        offered.assign(reinterpret_cast<const char*>(in), size);
        return SSL_TLSEXT_ERR_NOACK;
      },
      nullptr);
  EXPECT_EQ(verdict("api.example.com"), "accepted");
  EXPECT_STREQ(SSL_get_servername(origin_.get(), TLSEXT_NAMETYPE_host_name), "api.example.com");
  EXPECT_EQ(offered, "\x08http/1.1");
}

// T9: an origin that asks for a certificate gets none.
TEST_F(OriginContext, ShowsNoClientCertificate) {
  present({.names = "DNS:api.example.com"});
  SSL_CTX_set_custom_verify(origin_context_.get(), SSL_VERIFY_PEER, [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
  EXPECT_EQ(verdict("api.example.com"), "accepted");
  EXPECT_EQ(bssl::UniquePtr<X509>(SSL_get_peer_certificate(origin_.get())), nullptr);
}

TEST_F(OriginContext, NamesAnOriginThatWantsACertificate) {
  present({.names = "DNS:api.example.com"});
  SSL_CTX_set_max_proto_version(origin_context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_custom_verify(origin_context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                            [](SSL*, std::uint8_t*) { return ssl_verify_ok; });
  EXPECT_NE(verdict("api.example.com"), "accepted");
}

TEST_F(OriginContext, HandsSessionsToTheCallbackAndKeepsNone) {
  present({.names = "DNS:api.example.com"});
  static int handed;
  handed = 0;
  SSL_CTX_sess_set_new_cb(client_context_.get(), [](SSL*, SSL_SESSION*) {
    ++handed;
    return 0;
  });
  EXPECT_EQ(verdict("api.example.com"), "accepted");
  SSL_write(origin_.get(), "x", 1);
  char byte = 0;
  ASSERT_EQ(SSL_read(client_.get(), &byte, 1), 1);
  EXPECT_GE(handed, 1);
  EXPECT_EQ(SSL_CTX_sess_number(client_context_.get()), 0U);
}

// T11: a leaf of Cordon's own is refused, even where the user has trusted that CA system-wide.
TEST_F(OriginContext, NeverBelievesCordonsOwnAuthority) {
  const auto own = test::make_test_identity(
      {.common_name = "Cordon", .organization = std::string(kCordonOrganization), .authority = true});
  const std::vector<std::string> pems = {test::to_pem(*root_->certificate()) + test::to_pem(*own->certificate())};
  client_context_ = std::move(*make_origin_context(std::move(*make_root_store(pems))));
  present(*test::make_test_identity({.names = "DNS:api.example.com"}, own.get()));
  EXPECT_EQ(verdict("api.example.com"),
            "certificate's issuer is not among the trusted roots, or the server does not send its chain");
  SSL_CTX_add1_chain_cert(origin_context_.get(), own->certificate());
  EXPECT_EQ(verdict("api.example.com"), "certificate's root is not among the trusted roots");
}

TEST_F(OriginContext, SaysThatThePeerDoesNotSpeakTls) {
  const bssl::UniquePtr<SSL> ssl = std::move(*make_origin_session(*client_context_, host_ = "api.example.com"));
  const std::string answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  SSL_set_bio(ssl.get(), BIO_new_mem_buf(answer.data(), static_cast<int>(answer.size())), BIO_new(BIO_s_mem()));
  ASSERT_LT(SSL_do_handshake(ssl.get()), 1);
  EXPECT_EQ(explain_failure(*ssl), "peer does not speak TLS");
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_F(OriginContext, SaysThatThePeerClosed) {
  const bssl::UniquePtr<SSL> ssl = std::move(*make_origin_session(*client_context_, host_ = "api.example.com"));
  SSL_set_bio(ssl.get(), BIO_new_mem_buf("", 0), BIO_new(BIO_s_mem()));
  ASSERT_LT(SSL_do_handshake(ssl.get()), 1);
  EXPECT_EQ(explain_failure(*ssl), "peer closed the connection during the TLS handshake");
}

}  // namespace
}  // namespace cordon::tls
