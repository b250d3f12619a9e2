#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include "ca/certificate.hpp"
#include "ca/key_pem.hpp"
#include "ca/leaf_issuer.hpp"
#include "ca/root.hpp"
#include "support/temp_dir.hpp"
#include "unit/ca/ca_fixture.hpp"

namespace cordon::ca {
namespace {

using namespace std::chrono_literals;

const std::string kLongHost = std::string(60, 'a') + ".example.com";

/// A CA in memory with an issuer.
class LeafIssuerTest : public ::testing::Test {
 protected:
  LeafIssuerTest() {
    auto key = make_key();
    auto certificate = make_root_certificate(**key, "label", now_);
    root_ = std::make_unique<tls::Identity>(std::move(*certificate), std::move(*key));
    issuer_ = std::make_unique<LeafIssuer>(std::move(*LeafIssuer::create(*root_)));
  }

  Result<std::shared_ptr<const tls::Identity>> try_issue(std::string_view host, TimePoint now) {
    return issuer_->issue({&host, 1}, now);
  }

  std::shared_ptr<const tls::Identity> issue(std::string_view host) {
    auto leaf = try_issue(host, now_);
    EXPECT_TRUE(leaf) << leaf.error().context;
    return std::move(*leaf);
  }

  TimePoint now_ = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  std::unique_ptr<tls::Identity> root_;
  std::unique_ptr<LeafIssuer> issuer_;
};

std::string alt_names(const X509& certificate) {
  const bssl::UniquePtr<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string all;
  for (const GENERAL_NAME* const name : names.get()) {
    all += name->type == GEN_DNS ? "DNS:" : name->type == GEN_IPADD ? "IP:" : "?";
    all += test::text_of(name->d.ia5) + ";";
  }
  return all;
}

TEST_F(LeafIssuerTest, NamesExactlyTheHost) {
  const auto leaf = issue("api.example.com");
  EXPECT_EQ(alt_names(*leaf->certificate()), "DNS:api.example.com;");
  EXPECT_EQ(test::name_part(X509_get_subject_name(leaf->certificate()), NID_commonName), "api.example.com");
  EXPECT_FALSE(test::is_critical(*leaf->certificate(), NID_subject_alt_name));
}

// D4
TEST_F(LeafIssuerTest, NamesAddressesAsAddresses) {
  EXPECT_EQ(alt_names(*issue("192.0.2.1")->certificate()), std::string("IP:\xc0\x00\x02\x01;", 8));
  const std::string v6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
  EXPECT_EQ(alt_names(*issue("2001:db8::1")->certificate()), "IP:" + v6 + ";");
}

TEST_F(LeafIssuerTest, LeavesTheSubjectEmptyForAVeryLongHost) {
  const auto leaf = issue(kLongHost);
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(leaf->certificate())), 0U);
  EXPECT_EQ(alt_names(*leaf->certificate()), "DNS:" + kLongHost + ";");
  EXPECT_TRUE(test::is_critical(*leaf->certificate(), NID_subject_alt_name));
}

TEST_F(LeafIssuerTest, RefusesHostsThatWouldNameOthers) {
  for (const std::string& host :
       {std::string(), std::string("*.example.com"), std::string("a.example\0.evil", 15), std::string("A.example"),
        std::string("a b"), std::string("a,DNS:b"), std::string("\xc3\xa9.example"), std::string(254, 'a'),
        std::string("[::1]"), std::string("fe80::1%eth0")}) {
    const auto leaf = try_issue(host, now_);
    ASSERT_FALSE(leaf) << host;
    EXPECT_EQ(leaf.error().code, Errc::bad_request);
  }
}

TEST_F(LeafIssuerTest, LastsAWeekFromAnHourAgo) {
  const auto leaf = issue("a.example");
  EXPECT_EQ(leaf->not_after(), now_ + kLeafLifetime);
  auto before = std::chrono::system_clock::to_time_t(now_ - 1h);
  EXPECT_EQ(X509_cmp_time(X509_get0_notBefore(leaf->certificate()), &before), -1);  // equal counts as earlier
  before -= 1;
  EXPECT_EQ(X509_cmp_time(X509_get0_notBefore(leaf->certificate()), &before), 1);
}

TEST_F(LeafIssuerTest, NeverOutlivesTheCa) {
  now_ = root_->not_after() - 2h;
  EXPECT_EQ(issue("a.example")->not_after(), root_->not_after());
  const auto late = try_issue("a.example", root_->not_after());
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::ca_invalid);
}

TEST_F(LeafIssuerTest, CarriesTheExtensionsOfAServersLeaf) {
  const auto identity = issue("a.example");
  X509* const leaf = identity->certificate();
  EXPECT_EQ(X509_check_ca(leaf), 0);
  EXPECT_TRUE(test::is_critical(*leaf, NID_basic_constraints));
  EXPECT_TRUE(test::is_critical(*leaf, NID_key_usage));
  EXPECT_EQ(X509_get_key_usage(leaf), static_cast<std::uint32_t>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(leaf), static_cast<std::uint32_t>(XKU_SSL_SERVER));
  EXPECT_EQ(X509_get_version(leaf), X509_VERSION_3);
}

TEST_F(LeafIssuerTest, PointsAtTheCaByItsKeyIdentifier) {
  const auto identity = issue("a.example");
  X509* const leaf = identity->certificate();
  const std::string authority = test::text_of(X509_get0_authority_key_id(leaf));
  EXPECT_EQ(authority, test::text_of(X509_get0_subject_key_id(root_->certificate())));
  EXPECT_EQ(authority.size(), 20U);
  EXPECT_NE(authority, test::text_of(X509_get0_subject_key_id(leaf)));
  EXPECT_EQ(X509_check_issued(root_->certificate(), leaf), X509_V_OK);
  EXPECT_EQ(X509_verify(leaf, root_->key()), 1);
}

TEST_F(LeafIssuerTest, GivesEveryLeafALongPositiveSerial) {
  std::set<std::string> serials;
  for (int i = 0; i < 200; ++i) {
    const auto leaf = issue("a.example");
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(leaf->certificate());
    EXPECT_EQ(ASN1_STRING_type(serial), V_ASN1_INTEGER);  // V_ASN1_NEG_INTEGER would be the other
    EXPECT_EQ(ASN1_STRING_length(serial), 16);
    serials.insert(test::text_of(serial));
  }
  EXPECT_EQ(serials.size(), 200U);
}

TEST_F(LeafIssuerTest, SharesOneKeyThatIsNotTheCas) {
  const auto a = issue("a.example");
  const auto b = issue("b.example");
  EXPECT_EQ(a->key(), b->key());
  EXPECT_NE(EVP_PKEY_cmp(a->key(), root_->key()), 1);
  EXPECT_EQ(X509_check_private_key(a->certificate(), a->key()), 1);
}

/// Runs a command. @returns whether it ended with status 0; its output is shown when it did not
bool succeeds(const std::string& command, const test::TempDir& folder) {
  const auto log = folder / "log";
  const bool done = std::system((command + " >" + log.native() + " 2>&1").c_str()) == 0;
  EXPECT_TRUE(done) << command << '\n' << test::file_content(log);
  return done;
}

// T1
TEST_F(LeafIssuerTest, IsAcceptedByOpensslsStrictVerification) {
  const test::TempDir folder;
  const std::string ca = folder.write("ca.pem", to_pem(*root_->certificate())).native();
  EXPECT_TRUE(succeeds("openssl verify -x509_strict -CAfile " + ca + " " + ca, folder));
  for (const std::string& host : {std::string("api.example.com"), kLongHost, std::string("192.0.2.1"),
                                  std::string("2001:db8::1"), std::string("under_score.example.com")}) {
    const std::string leaf = folder.write("leaf.pem", to_pem(*issue(host)->certificate())).native();
    const bool address = host.find(':') != host.npos || host == "192.0.2.1";
    EXPECT_TRUE(succeeds("openssl verify -x509_strict -purpose sslserver -CAfile " + ca +
                             (address ? " -verify_ip " : " -verify_hostname ") + host + " " + leaf,
                         folder));
  }
}

// T1: a handshake in memory between Python's ssl as strict client and as server.
constexpr const char* kPythonHandshake = R"(
import ssl, sys
folder, host = sys.argv[1:]
client_context = ssl.create_default_context(cafile=folder + "/ca.pem")
client_context.verify_flags |= ssl.VERIFY_X509_STRICT
server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server_context.load_cert_chain(folder + "/leaf.pem", folder + "/leaf.key")
to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
server = server_context.wrap_bio(to_server, to_client, server_side=True)
for _ in range(5):
    for side in client, server:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pass
assert client.version() == "TLSv1.3" and client.getpeercert()["subjectAltName"], client.version()
)";

TEST_F(LeafIssuerTest, IsAcceptedByPythonsStrictVerification) {
  const test::TempDir folder;
  const auto script = folder.write("handshake.py", kPythonHandshake);
  folder.write("ca.pem", to_pem(*root_->certificate()));
  for (const std::string& host : {std::string("api.example.com"), kLongHost, std::string("192.0.2.1")}) {
    const auto leaf = issue(host);
    folder.write("leaf.pem", to_pem(*leaf->certificate()));
    folder.write("leaf.key", encode_key(*leaf->key())->view());
    EXPECT_TRUE(succeeds("python3 " + script.native() + " " + folder.path().native() + " " + host, folder));
  }
}

}  // namespace
}  // namespace cordon::ca
