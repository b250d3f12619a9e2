#include "ca/leaf_issuer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/x509v3.h>

namespace cordon::ca {

namespace {

constexpr std::size_t kLongestHost = 253;

// An address as it stands in a certificate: 4 or 16 bytes, or none for a name.
std::string address_bytes(const std::string& host) {
  std::array<char, 16> bytes{};
  if (::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

// Canonical names only. The check is here too because what it keeps out (a wildcard, a NUL) would make a certificate
// for other hosts than the one asked for.
bool is_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= kLongestHost && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bssl::UniquePtr<GENERAL_NAME> make_general_name(int type, std::string_view bytes) {
  bssl::UniquePtr<GENERAL_NAME> name(GENERAL_NAME_new());
  ASN1_STRING* const value = ASN1_STRING_type_new(type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);
  if (!name || value == nullptr) {
    ASN1_STRING_free(value);
    return nullptr;
  }
  GENERAL_NAME_set0_value(name.get(), type, value);
  return ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1 ? std::move(name) : nullptr;
}

bool add_host(GENERAL_NAMES& names, const std::string& host) {
  const std::string address = address_bytes(host);
  auto name = address.empty() ? make_general_name(GEN_DNS, host) : make_general_name(GEN_IPADD, address);
  return name && bssl::PushToStack(&names, std::move(name));
}

bool add_subject_alt_name(X509& certificate, const std::vector<std::string>& hosts, bool critical) {
  const bssl::UniquePtr<GENERAL_NAMES> names(GENERAL_NAMES_new());
  const auto add = [&](const std::string& host) { return add_host(*names, host); };
  if (!names || !std::ranges::all_of(hosts, add)) return false;
  return X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names.get(), critical ? 1 : 0, X509V3_ADD_APPEND) == 1;
}

// Without it when the CA (a person's own) has no identifier to point at.
bssl::UniquePtr<X509_EXTENSION> make_authority_identifier(X509& authority) {
  const ASN1_OCTET_STRING* const identifier = X509_get0_subject_key_id(&authority);
  const bssl::UniquePtr<AUTHORITY_KEYID> value(AUTHORITY_KEYID_new());
  if (identifier == nullptr || !value) return nullptr;
  value->keyid = ASN1_OCTET_STRING_dup(identifier);
  return bssl::UniquePtr<X509_EXTENSION>(X509V3_EXT_i2d(NID_authority_key_identifier, 0, value.get()));
}

bool add_names(X509& certificate, const std::vector<std::string>& hosts, X509& authority) {
  const std::string& host = hosts.front();
  // A name over X.520's bound stays out of the subject; RFC 5280, section 4.1.2.6, then wants the other critical.
  const bool in_subject = host.size() <= kLongestName;
  return (!in_subject || add_name(*X509_get_subject_name(&certificate), NID_commonName, host)) &&
         X509_set_issuer_name(&certificate, X509_get_subject_name(&authority)) == 1 &&
         add_subject_alt_name(certificate, hosts, !in_subject);
}

}  // namespace

Result<LeafIssuer> LeafIssuer::create(const tls::Identity& root) {
  LeafIssuer issuer;
  issuer.root_ = &root;
  auto key = make_key();
  if (!key) return std::unexpected(std::move(key.error()));
  issuer.key_ = std::move(*key);
  issuer.extensions_.push_back(make_extension(NID_basic_constraints, "critical,CA:FALSE"));
  issuer.extensions_.push_back(make_extension(NID_key_usage, "critical,digitalSignature"));
  issuer.extensions_.push_back(make_extension(NID_ext_key_usage, "serverAuth"));
  issuer.extensions_.push_back(make_key_identifier(*issuer.key_));
  if (X509_get0_subject_key_id(root.certificate()) != nullptr) {
    issuer.extensions_.push_back(make_authority_identifier(*root.certificate()));
  }
  if (!std::ranges::all_of(issuer.extensions_, [](const auto& each) { return each != nullptr; })) {
    return crypto_failure("cannot prepare leaf certificates");
  }
  return issuer;
}

Result<std::shared_ptr<const tls::Identity>> LeafIssuer::issue(std::span<const std::string_view> wanted,
                                                               TimePoint now) const {
  const std::vector<std::string> hosts(wanted.begin(), wanted.end());
  const auto may_stand = [](const std::string& host) { return is_name(host) || !address_bytes(host).empty(); };
  if (hosts.empty() || !std::ranges::all_of(hosts, may_stand)) {
    return fail(Errc::bad_request, "no certificate can be made for this host: its name is not canonical");
  }
  if (root_->not_after() <= now) return fail(Errc::ca_invalid, "the CA has ended: replace it, then reload");
  const TimePoint end = std::min(now + kLeafLifetime, root_->not_after());
  auto certificate = begin_certificate(*key_, now - kBackdating, end);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  const auto add = [&](const auto& extension) { return X509_add_ext(certificate->get(), extension.get(), -1) == 1; };
  const bool done = add_names(**certificate, hosts, *root_->certificate()) && std::ranges::all_of(extensions_, add) &&
                    sign_certificate(**certificate, *root_->key());
  if (!done) return crypto_failure("cannot make a certificate for " + hosts.front());
  return std::make_shared<const tls::Identity>(std::move(*certificate), bssl::UpRef(key_));
}

}  // namespace cordon::ca
