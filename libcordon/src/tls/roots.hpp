// Which roots origins are verified against: the system's at their fixed places, and those that the config adds. The process's
// environment (SSL_CERT_FILE, SSL_CERT_DIR) has no say, and a CA that Cordon made is never among them.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/base.h>
#include <openssl/x509.h>

#include <cordon/error.hpp>

namespace cordon::tls {

/// The marker in the subject of every CA that Cordon creates (its organisation).
inline constexpr std::string_view kCordonOrganization = "Cordon local CA";

/// Whether `certificate` is a CA of Cordon's making, of whichever scope or machine.
bool is_cordon_ca(const X509& certificate) noexcept;

/// The system's root bundle as PEM: the first of the known places that exists (Debian, Fedora, SUSE, Alpine; on macOS the
/// keychains). @returns file_missing with the places looked at
Result<std::string> system_roots_pem();

/// A store with every certificate of each of `pems` that is not Cordon's own. @returns ca_invalid when a text holds none
Result<bssl::UniquePtr<X509_STORE>> make_root_store(std::span<const std::string> pems);

}  // namespace cordon::tls
