#include "ca/certificate.hpp"

#include <array>
#include <ctime>

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "tls/context.hpp"

namespace cordon::ca {

namespace {

constexpr std::size_t kSerialSize = 16;
constexpr std::size_t kKeyIdentifierSize = 20;

// The first byte lies in 0x40..0x7f, so that every serial is positive and of the same length (RFC 5280,
// section 4.1.2.2).
bool set_serial(X509& certificate) {
  std::array<std::uint8_t, kSerialSize> bytes{};
  RAND_bytes(bytes.data(), bytes.size());
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x3fU) | 0x40U);
  const bssl::UniquePtr<BIGNUM> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  const bssl::UniquePtr<ASN1_INTEGER> serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  return serial && X509_set_serialNumber(&certificate, serial.get()) == 1;
}

bool set_time(ASN1_TIME* field, TimePoint time) {
  return ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(time)) != nullptr;
}

}  // namespace

Result<bssl::UniquePtr<EVP_PKEY>> make_key() {
  const bssl::UniquePtr<EC_KEY> pair(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!pair || !key || EC_KEY_generate_key(pair.get()) != 1 || EVP_PKEY_set1_EC_KEY(key.get(), pair.get()) != 1) {
    return crypto_failure("cannot make a key");
  }
  return key;
}

Result<bssl::UniquePtr<X509>> begin_certificate(EVP_PKEY& key, TimePoint not_before, TimePoint not_after) {
  bssl::UniquePtr<X509> certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 || !set_serial(*certificate) ||
      !set_time(X509_getm_notBefore(certificate.get()), not_before) ||
      !set_time(X509_getm_notAfter(certificate.get()), not_after) || X509_set_pubkey(certificate.get(), &key) != 1) {
    return crypto_failure("cannot make a certificate");
  }
  return certificate;
}

bool add_name(X509_NAME& name, int nid, std::string_view text) {
  return X509_NAME_add_entry_by_NID(&name, nid, MBSTRING_UTF8, reinterpret_cast<const std::uint8_t*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bssl::UniquePtr<X509_EXTENSION> make_extension(int nid, const char* notation) {
  return bssl::UniquePtr<X509_EXTENSION>(X509V3_EXT_nconf_nid(nullptr, nullptr, nid, notation));
}

bssl::UniquePtr<X509_EXTENSION> make_key_identifier(EVP_PKEY& key) {
  const bssl::UniquePtr<X509_PUBKEY> encoded([&] {
    X509_PUBKEY* made = nullptr;
    X509_PUBKEY_set(&made, &key);
    return made;
  }());
  const bssl::UniquePtr<ASN1_OCTET_STRING> identifier(ASN1_OCTET_STRING_new());
  if (!encoded || !identifier) return nullptr;
  const ASN1_BIT_STRING* const bits = X509_PUBKEY_get0_public_key(encoded.get());
  std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
  SHA256(ASN1_STRING_get0_data(bits), static_cast<std::size_t>(ASN1_STRING_length(bits)), digest.data());
  if (ASN1_OCTET_STRING_set(identifier.get(), digest.data(), kKeyIdentifierSize) != 1) return nullptr;
  return bssl::UniquePtr<X509_EXTENSION>(X509V3_EXT_i2d(NID_subject_key_identifier, 0, identifier.get()));
}

bool sign_certificate(X509& certificate, EVP_PKEY& key) {
  const EVP_MD* const digest = EVP_PKEY_id(&key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  return X509_sign(&certificate, &key, digest) > 0;
}

std::unexpected<Error> crypto_failure(std::string_view what) {
  return fail(Errc::internal, fmt::format("{}: {}", what, tls::drain_errors()));
}

std::string to_pem(const X509& certificate) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (!memory || PEM_write_bio_X509(memory.get(), const_cast<X509*>(&certificate)) != 1 ||
      BIO_mem_contents(memory.get(), &data, &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace cordon::ca
