#include "postgres/channel_binding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include <openssl/asn1.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/obj.h>
#include <openssl/x509.h>

namespace cordon::postgres {

namespace {

bssl::UniquePtr<X509> parse_certificate(base::ConstBytes der) {
  const auto* position = reinterpret_cast<const std::uint8_t*>(der.data());
  if (der.size() > static_cast<std::size_t>(std::numeric_limits<long>::max())) return nullptr;
  return bssl::UniquePtr<X509>(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
}

/// The hash function that an RSA-PSS signature's parameters name; SHA-1 when they name none (RFC 4055, section 3.1).
int pss_digest(const X509_ALGOR& algorithm) {
  int type = V_ASN1_UNDEF;
  const void* value = nullptr;
  X509_ALGOR_get0(nullptr, &type, &value, &algorithm);
  if (type != V_ASN1_SEQUENCE) return NID_undef;
  const auto* sequence = static_cast<const ASN1_STRING*>(value);
  const std::uint8_t* position = ASN1_STRING_get0_data(sequence);
  const bssl::UniquePtr<RSA_PSS_PARAMS> parameters(
      d2i_RSA_PSS_PARAMS(nullptr, &position, ASN1_STRING_length(sequence)));
  if (parameters == nullptr) return NID_undef;
  if (parameters->hashAlgorithm == nullptr) return NID_sha1;
  return OBJ_obj2nid(parameters->hashAlgorithm->algorithm);
}

/// The hash function of the certificate's signature; NID_undef when it has none.
int signature_digest(const X509& certificate) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, &certificate);
  const int signature = OBJ_obj2nid(algorithm->algorithm);
  if (signature == NID_rsassaPss) return pss_digest(*algorithm);
  int digest = NID_undef;
  OBJ_find_sigid_algs(signature, &digest, nullptr);
  return digest;
}

const EVP_MD* end_point_hash(int digest) {
  switch (digest) {
    case NID_md5:
    case NID_sha1:
    case NID_sha256:
      return EVP_sha256();
    case NID_sha224:
      return EVP_sha224();
    case NID_sha384:
      return EVP_sha384();
    case NID_sha512:
      return EVP_sha512();
    default:
      return nullptr;
  }
}

}  // namespace

std::string tls_server_end_point(base::ConstBytes certificate_der) {
  const auto certificate = parse_certificate(certificate_der);
  const EVP_MD* hash = certificate == nullptr ? nullptr : end_point_hash(signature_digest(*certificate));
  ERR_clear_error();
  if (hash == nullptr) return {};
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(certificate_der.data(), certificate_der.size(), digest.data(), &size, hash, nullptr) != 1) return {};
  return {reinterpret_cast<const char*>(digest.data()), size};
}

}  // namespace cordon::postgres
