#include "postgres/channel_binding.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace cordon::postgres {
namespace {

using Key = bssl::UniquePtr<EVP_PKEY>;

Key make_rsa_key() {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> exponent(BN_new());
  BN_set_word(exponent.get(), RSA_F4);
  RSA_generate_key_ex(rsa.get(), 2048, exponent.get(), nullptr);
  Key key(EVP_PKEY_new());
  EVP_PKEY_set1_RSA(key.get(), rsa.get());
  return key;
}

Key make_ecdsa_key() {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  EC_KEY_generate_key(ec.get());
  Key key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec.get());
  return key;
}

Key make_ed25519_key() {
  std::uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
  std::uint8_t private_key[ED25519_PRIVATE_KEY_LEN];
  ED25519_keypair(public_key, private_key);
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key, 32));
}

bssl::UniquePtr<X509> unsigned_certificate(EVP_PKEY& key) {
  bssl::UniquePtr<X509> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), &key);
  return certificate;
}

std::string to_der(X509& certificate) {
  std::uint8_t* bytes = nullptr;
  const int size = i2d_X509(&certificate, &bytes);
  EXPECT_GT(size, 0);
  const bssl::UniquePtr<std::uint8_t> owner(bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::string signed_by(const Key& key, const EVP_MD* hash) {
  const auto certificate = unsigned_certificate(*key);
  EXPECT_GT(X509_sign(certificate.get(), key.get(), hash), 0);
  return to_der(*certificate);
}

std::string signed_by_pss(const Key& key, const EVP_MD* hash) {
  const auto certificate = unsigned_certificate(*key);
  bssl::ScopedEVP_MD_CTX context;
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, hash, nullptr, key.get()), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, -1), 1);
  EXPECT_GT(X509_sign_ctx(certificate.get(), context.get()), 0);
  return to_der(*certificate);
}

std::string hash_of(const std::string& bytes, const EVP_MD* hash) {
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, hash, nullptr);
  return {reinterpret_cast<const char*>(digest), size};
}

std::string end_point_of(const std::string& der) {
  return tls_server_end_point(base::as_bytes(der));
}

struct Hashes {
  const EVP_MD* signature;
  const EVP_MD* end_point;
};

// RFC 5929, section 4.1: MD5 and SHA-1 are replaced.
const Hashes kHashes[] = {{EVP_md5(), EVP_sha256()},    {EVP_sha1(), EVP_sha256()},   {EVP_sha224(), EVP_sha224()},
                          {EVP_sha256(), EVP_sha256()}, {EVP_sha384(), EVP_sha384()}, {EVP_sha512(), EVP_sha512()}};

// PG12
TEST(PostgresChannelBinding, HashesAsTheRsaSignatureDoes) {
  const Key key = make_rsa_key();
  for (const Hashes& row : kHashes) {
    const std::string der = signed_by(key, row.signature);
    EXPECT_EQ(end_point_of(der), hash_of(der, row.end_point)) << EVP_MD_type(row.signature);
  }
}

// PG12
TEST(PostgresChannelBinding, HashesAsTheEcdsaSignatureDoes) {
  const Key key = make_ecdsa_key();
  for (const Hashes& row : kHashes) {
    if (EVP_MD_type(row.signature) == NID_md5) continue;  // there is no such signature
    const std::string der = signed_by(key, row.signature);
    EXPECT_EQ(end_point_of(der), hash_of(der, row.end_point)) << EVP_MD_type(row.signature);
  }
}

// PG12
TEST(PostgresChannelBinding, HashesAsTheParametersOfRsaPssSay) {
  const Key key = make_rsa_key();
  for (const EVP_MD* hash : {EVP_sha256(), EVP_sha384(), EVP_sha512()}) {
    const std::string der = signed_by_pss(key, hash);
    EXPECT_EQ(end_point_of(der), hash_of(der, hash)) << EVP_MD_type(hash);
  }
}

// PG12
TEST(PostgresChannelBinding, HasNoneForASignatureWithoutAHash) {
  const Key key = make_ed25519_key();
  EXPECT_EQ(end_point_of(signed_by(key, nullptr)), "");
}

TEST(PostgresChannelBinding, HasNoneForAnUnknownSignature) {
  std::string der = signed_by(make_rsa_key(), EVP_sha256());
  const std::string sha256_with_rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
  for (std::size_t at = der.find(sha256_with_rsa); at != std::string::npos; at = der.find(sha256_with_rsa, at + 1))
    der[at + 8] = '\x7f';
  EXPECT_EQ(end_point_of(der), "");
}

TEST(PostgresChannelBinding, HasNoneForWhatIsNoCertificate) {
  EXPECT_EQ(end_point_of(""), "");
  EXPECT_EQ(end_point_of("no certificate"), "");
  const std::string der = signed_by(make_ecdsa_key(), EVP_sha256());
  EXPECT_EQ(end_point_of(der.substr(0, der.size() - 1)), "");
}

}  // namespace
}  // namespace cordon::postgres
