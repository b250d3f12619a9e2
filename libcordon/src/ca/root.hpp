// The CA's own certificate and key: made once, kept in two files, read at every start.
#pragma once

#include <sys/types.h>

#include <cordon/ca_manager.hpp>
#include <cordon/error.hpp>

#include "ca/certificate.hpp"
#include "tls/identity.hpp"

namespace cordon::ca {

inline constexpr mode_t kKeyMode = 0600;
inline constexpr mode_t kCertificateMode = 0644;

/// A CA certificate for `key`: ten years, CA:TRUE with path length 0, for signing certificates only. `label` and the
/// machine's name stand in its common name.
Result<bssl::UniquePtr<X509>> make_root_certificate(EVP_PKEY& key, std::string_view label, TimePoint now);

/// Loads the CA at `paths`, or makes what is missing of it. The key is written first and the certificate after it, and
/// neither ever replaces a file that is there. So whatever moment a process is killed at, and whoever else starts at
/// the same time, the next one to open finds both, or a key without a certificate, for which it makes one, or nothing.
/// @returns as CaManager::open
Result<tls::Identity> open_root(const CaPaths& paths, const CaOptions& options);

/// Makes the folders of both files; the key's is private. @returns as CaManager::open
Result<> prepare_folders(const CaPaths& paths);

/// The private key of a file that nobody else can read. @returns as CaManager::open, and file_missing
Result<bssl::UniquePtr<EVP_PKEY>> load_key(const std::filesystem::path& file);

/// The certificate at `paths.cert`, whatever it says. @returns as CaManager::open, and file_missing
Result<bssl::UniquePtr<X509>> load_certificate(const CaPaths& paths);

}  // namespace cordon::ca
