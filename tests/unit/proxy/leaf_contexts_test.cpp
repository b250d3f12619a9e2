#include "proxy/leaf_contexts.hpp"

#include <set>

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "support/temp_dir.hpp"
#include "unit/tls/handshake.hpp"

namespace cordon::proxy {
namespace {

CaPaths paths_in(const test::TempDir& folder) {
  return {folder / "certs/ca-cert.pem", folder / "certs/ca-key.pem", folder / "certs/combined-ca.pem"};
}

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// The names of a certificate, addresses as their bytes.
std::multiset<std::string> names_of(const X509& certificate) {
  std::multiset<std::string> names;
  const bssl::UniquePtr<GENERAL_NAMES> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (std::size_t i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type);
    EXPECT_TRUE(type == GEN_DNS || type == GEN_IPADD) << type;
    names.insert(text_of(static_cast<const ASN1_STRING*>(value)));
  }
  return names;
}

class LeafContextsTest : public ::testing::Test {
 protected:
  LeafContextsTest() : ca_(std::move(*CaManager::open(paths_in(folder_)))) {
    client_context_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX_set_verify(client_context_.get(), SSL_VERIFY_NONE, nullptr);
  }

  /// A client that asks for `sni` (null: for no name) and offers `alpn` (empty: nothing).
  test::HandshakeOutcome connect(bssl::UniquePtr<SSL> server, const char* sni, std::string_view alpn = "") {
    server_ = std::move(server);
    client_.reset(SSL_new(client_context_.get()));
    SSL_set_connect_state(client_.get());
    if (sni != nullptr) SSL_set_tlsext_host_name(client_.get(), sni);
    std::string list;
    if (!alpn.empty()) list = static_cast<char>(alpn.size()) + std::string(alpn);
    SSL_set_alpn_protos(client_.get(), reinterpret_cast<const std::uint8_t*>(list.data()),
                        static_cast<unsigned>(list.size()));
    return test::join_and_shake_hands(*client_, *server_);
  }
  bssl::UniquePtr<SSL> for_listener() {
    auto session = leaves_.session_for_listener(ca_);
    EXPECT_TRUE(session) << session.error().context;
    return std::move(*session);
  }
  bssl::UniquePtr<X509> shown() const { return bssl::UniquePtr<X509>(SSL_get_peer_certificate(client_.get())); }

  test::TempDir folder_;
  CaManager ca_;
  LeafContexts leaves_;
  bssl::UniquePtr<SSL_CTX> client_context_;
  bssl::UniquePtr<SSL> client_, server_;
};

TEST_F(LeafContextsTest, AListenerServesAClientOfAnyName) {
  for (const char* sni : {"localhost", "db.example", "Some.Other.Name.", static_cast<const char*>(nullptr)}) {
    const auto outcome = connect(for_listener(), sni);
    EXPECT_TRUE(outcome.done()) << (sni != nullptr ? sni : "none") << outcome.server_words;
  }
}

// D4
TEST_F(LeafContextsTest, AListenersCertificateHasThisMachinesThreeNames) {
  using namespace std::literals;
  ASSERT_TRUE(connect(for_listener(), "db.example").done());
  const std::multiset<std::string> wanted = {"localhost", "\x7f\0\0\1"s, std::string(15, '\0') + "\1"};
  EXPECT_EQ(names_of(*shown()), wanted);
}

TEST_F(LeafContextsTest, PG5AListenerSpeaksPostgresqlAndNothingElse) {
  EXPECT_TRUE(connect(for_listener(), nullptr, "postgresql").done());
  EXPECT_TRUE(tls::agreed_on(*server_, tls::Protocol::postgresql));
  EXPECT_TRUE(connect(for_listener(), nullptr).done());
  EXPECT_FALSE(tls::agreed_on(*server_, tls::Protocol::postgresql));
  EXPECT_FALSE(connect(for_listener(), nullptr, "http/1.1").server_done);
}

TEST_F(LeafContextsTest, ARoutesHostIsAnotherMatter) {
  const std::string host = "localhost";
  const auto session = [&] { return std::move(*leaves_.session_for(ca_, host)); };
  EXPECT_TRUE(connect(session(), "localhost", "http/1.1").done());
  EXPECT_EQ(names_of(*shown()), std::multiset<std::string>{"localhost"});
  EXPECT_FALSE(connect(session(), "db.example", "http/1.1").server_done);
  EXPECT_FALSE(connect(session(), "localhost", "postgresql").server_done);
}

TEST_F(LeafContextsTest, SettingsAreMadeOnceAndAnewForAnotherCa) {
  const SSL_CTX* const first = SSL_get_SSL_CTX(for_listener().get());
  EXPECT_EQ(SSL_get_SSL_CTX(for_listener().get()), first);
  ASSERT_TRUE(connect(for_listener(), nullptr).done());
  const auto before = shown();

  const test::TempDir other_folder;
  const auto other = CaManager::open(paths_in(other_folder));
  ASSERT_TRUE(other);
  auto session = leaves_.session_for_listener(*other);
  ASSERT_TRUE(session);
  ASSERT_TRUE(connect(std::move(*session), nullptr).done());
  EXPECT_NE(X509_cmp(before.get(), shown().get()), 0);
}

// For another CA: connections that are there keep what they have.
TEST_F(LeafContextsTest, ASessionOutlivesClear) {
  auto session = for_listener();
  leaves_.clear();
  EXPECT_TRUE(connect(std::move(session), nullptr).done());
  EXPECT_TRUE(connect(for_listener(), nullptr).done());
}

}  // namespace
}  // namespace cordon::proxy
