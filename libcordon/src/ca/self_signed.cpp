#include "ca/self_signed.hpp"

#include <algorithm>

#include <openssl/nid.h>
#include <openssl/x509v3.h>

#include "ca/certificate.hpp"

namespace cordon::ca {
namespace {

bssl::UniquePtr<X509_EXTENSION> make_dns_name(std::string_view host) {
  bssl::UniquePtr<ASN1_IA5STRING> text(ASN1_IA5STRING_new());
  bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
  bssl::UniquePtr<GENERAL_NAMES> names(GENERAL_NAMES_new());
  if (!text || !name || !names) return nullptr;
  if (ASN1_STRING_set(text.get(), host.data(), static_cast<int>(host.size())) != 1) return nullptr;
  GENERAL_NAME_set0_value(name.get(), GEN_DNS, text.release());
  if (sk_GENERAL_NAME_push(names.get(), name.get()) == 0) return nullptr;
  name.release();
  return bssl::UniquePtr<X509_EXTENSION>(X509V3_EXT_i2d(NID_subject_alt_name, 0, names.get()));
}

bool add_extensions(X509& certificate, std::string_view host) {
  const bssl::UniquePtr<X509_EXTENSION> extensions[] = {
      make_extension(NID_basic_constraints, "critical,CA:FALSE"),
      make_extension(NID_ext_key_usage, "serverAuth"),
      make_dns_name(host),
  };
  return std::ranges::all_of(extensions, [&](const auto& extension) {
    return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
  });
}

}  // namespace

Result<tls::Identity> make_self_signed(std::string_view host) {
  auto key = make_key();
  if (!key) return std::unexpected(std::move(key.error()));
  const auto now = std::chrono::system_clock::now();
  auto certificate = begin_certificate(**key, now - kBackdating, now + std::chrono::days(1));
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  X509& made = **certificate;
  const bool named = add_name(*X509_get_subject_name(&made), NID_organizationName, "Demonstration origin") &&
                     X509_set_issuer_name(&made, X509_get_subject_name(&made)) == 1;
  if (!named || !add_extensions(made, host) || !sign_certificate(made, **key)) {
    return crypto_failure("making a certificate for a demonstration");
  }
  return tls::Identity(std::move(*certificate), std::move(*key));
}

}  // namespace cordon::ca
