// A CA in a folder of its own, and a clock that a test sets.
#pragma once

#include <chrono>
#include <string>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cordon/ca_manager.hpp>

#include "support/temp_dir.hpp"
#include "tls/identity.hpp"

namespace cordon::test {

using SystemTime = std::chrono::system_clock::time_point;

inline CaPaths ca_paths_in(const std::filesystem::path& folder) {
  return {folder / "ca-cert.pem", folder / "ca-key.pem", folder / "combined-ca.pem"};
}

/// A folder without a CA yet.
struct CaFolder {
  TempDir folder;
  CaPaths paths = ca_paths_in(folder / "certs");
  SystemTime now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());

  Result<CaManager> open(std::string label = "project-12345678") {
    return CaManager::open(paths, {std::move(label), [this] { return now; }});
  }
};

/// The value of the first `nid` in a name, empty when there is none.
inline std::string name_part(X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return {};
  const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

inline std::string text_of(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// The contents of an extension, empty when there is none.
inline std::string extension_of(const X509& certificate, int nid) {
  const int at = X509_get_ext_by_NID(&certificate, nid, -1);
  return at < 0 ? std::string() : text_of(X509_EXTENSION_get_data(X509_get_ext(&certificate, at)));
}

inline bool is_critical(const X509& certificate, int nid) {
  const int at = X509_get_ext_by_NID(&certificate, nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(&certificate, at)) == 1;
}

}  // namespace cordon::test
