// Which roots origins are verified against: the system's at their fixed places, and those that the config adds. The
// process's environment (SSL_CERT_FILE, SSL_CERT_DIR) has no say; a CA that Cordon made or uses is never among them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <openssl/base.h>
#include <openssl/x509.h>

#include <cordon/error.hpp>

namespace cordon::tls {

/// The marker in the subject of every CA that Cordon creates (its organisation).
inline constexpr std::string_view kCordonOrganization = "Cordon local CA";

/// Whether `certificate` is a CA of Cordon's making, of whichever scope or machine: a self-issued CA with the marker.
/// It is only ever used to leave a root out, so whoever forges the marker gains nothing but not being trusted.
/// Thread-safe.
bool is_cordon_ca(const X509& certificate) noexcept;

/// The system's root bundle as PEM: the first of the known places that exists (Debian, Fedora, SUSE, Alpine and the
/// like).
/// @returns file_missing with the places looked at, file_failed
Result<std::string> system_roots_pem();

/// Whether Cordon's own CAs may stand in a store: never in one for origins; only a client of Cordon trusts them.
enum class CordonCas : unsigned char { left_out, kept };

/// A store with every certificate of each of `pems` that is not Cordon's own, each once. Unreadable ones are passed
/// over. About 4 ms for a distribution's 144.
/// `own_ca_pem` is one more to leave out, known by its key: the CA in use may be a person's own, without the marker.
/// @returns config_invalid when a text holds none
Result<bssl::UniquePtr<X509_STORE>> make_root_store(std::span<const std::string> pems,
                                                    CordonCas cordon_cas = CordonCas::left_out,
                                                    std::string_view own_ca_pem = {});

}  // namespace cordon::tls
