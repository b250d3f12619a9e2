#include "tls/identity.hpp"

#include <utility>

#include <openssl/asn1.h>

namespace cordon::tls {

namespace {

std::chrono::system_clock::time_point read_time(const ASN1_TIME* time) noexcept {
  const bssl::UniquePtr<ASN1_TIME> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return {};
  return std::chrono::system_clock::time_point(std::chrono::days(days) + std::chrono::seconds(seconds));
}

}  // namespace

std::chrono::system_clock::time_point not_after(const X509& certificate) noexcept {
  return read_time(X509_get0_notAfter(&certificate));
}

std::chrono::system_clock::time_point not_before(const X509& certificate) noexcept {
  return read_time(X509_get0_notBefore(&certificate));
}

Identity::Identity(bssl::UniquePtr<X509> certificate, bssl::UniquePtr<EVP_PKEY> key)
    : certificate_(std::move(certificate)), key_(std::move(key)), not_after_(tls::not_after(*certificate_)) {
}

}  // namespace cordon::tls
