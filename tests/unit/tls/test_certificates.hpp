// Certificates with chosen faults, made in memory.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <openssl/bio.h>
#include <openssl/bytestring.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tls/identity.hpp"

namespace cordon::test {

struct CertificateSpec {
  std::string common_name = "test";
  std::string organization = {};
  std::string names = {};  ///< As OpenSSL's subjectAltName takes them: `DNS:a.example, IP:192.0.2.1`; empty for none.
  std::string usage = {};  ///< As extendedKeyUsage takes it; empty for none.
  bool authority = false;
  long starts_in = -3600;  ///< Seconds from now.
  long ends_in = 3600;
};

inline bssl::UniquePtr<EVP_PKEY> make_test_key() {
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  EC_KEY_generate_key(ec.get());
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec.get());
  return key;
}

inline void add_test_extension(X509& certificate, int nid, const std::string& value) {
  if (value.empty()) return;
  const bssl::UniquePtr<X509_EXTENSION> extension(X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value.c_str()));
  X509_add_ext(&certificate, extension.get(), -1);
}

inline void add_test_name(X509_NAME& name, int nid, const std::string& value) {
  if (value.empty()) return;
  X509_NAME_add_entry_by_NID(&name, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                             static_cast<int>(value.size()), -1, 0);
}

/// A certificate for a new key, signed by `issuer`, or by itself when that is null.
inline std::unique_ptr<tls::Identity> make_test_identity(const CertificateSpec& spec,
                                                         const tls::Identity* issuer = nullptr) {
  auto key = make_test_key();
  bssl::UniquePtr<X509> certificate(X509_new());
  static int serial = 0;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_set_version(certificate.get(), X509_VERSION_3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), spec.starts_in);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), spec.ends_in);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  add_test_name(*subject, NID_organizationName, spec.organization);
  add_test_name(*subject, NID_commonName, spec.common_name);
  X509_set_issuer_name(certificate.get(), issuer != nullptr ? X509_get_subject_name(issuer->certificate()) : subject);
  add_test_extension(*certificate, NID_basic_constraints, spec.authority ? "critical,CA:TRUE" : "CA:FALSE");
  add_test_extension(*certificate, NID_subject_alt_name, spec.names);
  add_test_extension(*certificate, NID_ext_key_usage, spec.usage);
  X509_sign(certificate.get(), issuer != nullptr ? issuer->key() : key.get(), EVP_sha256());
  return std::make_unique<tls::Identity>(std::move(certificate), std::move(key));
}

inline std::string to_pem(const X509& certificate) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), const_cast<X509*>(&certificate));
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  BIO_mem_contents(memory.get(), &data, &size);
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace cordon::test
