#include "tls/roots.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/files.hpp"
#include "tls/context.hpp"

namespace cordon::tls {

namespace {

// Where the distributions keep the bundle, the most specific first. Never SSL_CERT_FILE: whoever sets a variable of the
// process must not choose which origins it believes.
constexpr const char* kBundlePlaces[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Alpine, Gentoo, NixOS
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older Fedora and RHEL
    "/etc/ssl/ca-bundle.pem",                             // openSUSE, SLES
    "/var/lib/ca-certificates/ca-bundle.pem",             // openSUSE's own place
    "/etc/ssl/cert.pem",                                  // Alpine, OpenBSD, macOS
};

constexpr std::size_t kLargestBundle = std::size_t{16} * 1024 * 1024;

bool has_cordon_organization(const X509& certificate) noexcept {
  X509_NAME* const subject = X509_get_subject_name(&certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_organizationName, at)) >= 0;) {
    const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                                static_cast<std::size_t>(ASN1_STRING_length(value)));
    if (text == kCordonOrganization) return true;
  }
  return false;
}

// The certificates that must not vouch for an origin.
struct Unwanted {
  CordonCas cordon_cas;
  bssl::UniquePtr<EVP_PKEY> own_key;  // null: none

  bool has(X509& certificate) const noexcept {
    if (cordon_cas == CordonCas::kept) return false;
    if (is_cordon_ca(certificate)) return true;
    const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(&certificate));
    return own_key && key && EVP_PKEY_cmp(key.get(), own_key.get()) == 1;
  }
};

bssl::UniquePtr<EVP_PKEY> key_of(std::string_view pem) {
  if (pem.empty()) return nullptr;
  const bssl::UniquePtr<BIO> reader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const bssl::UniquePtr<X509> certificate(reader ? PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)
                                                 : nullptr);
  ERR_clear_error();
  return bssl::UniquePtr<EVP_PKEY>(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

// Adds the certificates of one text. @returns how many of them the store now holds; an unreadable one is passed over,
// as one bad entry must not cost the trust in all others
std::size_t add_certificates(X509_STORE& store, std::string_view pem, const Unwanted& unwanted) {
  const bssl::UniquePtr<BIO> reader(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::size_t count = 0;
  while (reader) {
    const bssl::UniquePtr<X509> certificate(PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr));
    const bool at_end = !certificate && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (at_end) break;
    if (!certificate || unwanted.has(*certificate)) continue;
    if (X509_STORE_add_cert(&store, certificate.get()) == 1) ++count;  // a second copy is passed over inside
  }
  return count;
}

}  // namespace

bool is_cordon_ca(const X509& certificate) noexcept {
  if (!has_cordon_organization(certificate)) return false;
  if (X509_NAME_cmp(X509_get_subject_name(&certificate), X509_get_issuer_name(&certificate)) != 0) return false;
  return X509_check_ca(const_cast<X509*>(&certificate)) != 0;  // fills a cache inside, under a lock
}

Result<std::string> system_roots_pem() {
  for (const char* const place : kBundlePlaces) {
    std::error_code error;
    if (std::filesystem::is_regular_file(place, error))
      return base::read_file(place, kLargestBundle, base::Symlinks::follow);
  }
  return fail(Errc::file_missing,
              fmt::format("no root certificates of the system at any of {}; install the package ca-certificates",
                          fmt::join(kBundlePlaces, ", ")));
}

Result<bssl::UniquePtr<X509_STORE>> make_root_store(std::span<const std::string> pems, CordonCas cordon_cas,
                                                    std::string_view own_ca_pem) {
  const Unwanted unwanted{cordon_cas, key_of(own_ca_pem)};
  bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  if (!store) return fail(Errc::internal, "cannot make a store of root certificates: " + drain_errors());
  for (const std::string& pem : pems) {
    if (add_certificates(*store, pem, unwanted) == 0) {
      return fail(Errc::config_invalid,
                  "no root certificate that origins may be verified against (Cordon's own CAs never are)");
    }
  }
  return store;
}

}  // namespace cordon::tls
