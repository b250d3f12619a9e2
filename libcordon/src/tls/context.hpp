// The one TLS policy: versions 1.2 and 1.3, ALPN http/1.1, no early data, no renegotiation, no compression, no client
// certificates; origins verified with their host name, always.
#pragma once

#include <string>
#include <string_view>

#include <openssl/base.h>
#include <openssl/ssl.h>

#include <cordon/error.hpp>

#include "tls/identity.hpp"

namespace cordon::tls {

/// Settings for handshakes in which `identity` is shown to clients. Tickets resume only with the same settings object.
Result<bssl::UniquePtr<SSL_CTX>> make_server_context(const Identity& identity);

/// Settings for handshakes with origins, verified against `roots`. Sessions are not cached inside; see on_new_session.
Result<bssl::UniquePtr<SSL_CTX>> make_origin_context(bssl::UniquePtr<X509_STORE> roots);

/// A server-side connection bound to `host` (canonical). A client whose SNI, canonicalised (case, one trailing dot), is
/// another gets the alert unrecognized_name; none is fine. `host` must outlive the connection.
Result<bssl::UniquePtr<SSL>> make_server_session(SSL_CTX& context, const std::string& host);

/// A client-side connection that verifies `host`: sends it as SNI unless it is an IP literal, and checks it against the
/// certificate's names (or addresses).
Result<bssl::UniquePtr<SSL>> make_origin_session(SSL_CTX& context, const std::string& host);

/// What the last failed handshake step of `ssl` was about, in words without any secret, such as `certificate has expired`.
/// Drains the error queue.
std::string explain_failure(const SSL& ssl);

/// Whether the failed handshake of a server session was refused for its SNI.
bool refused_for_name(const SSL& ssl) noexcept;

/// Drains BoringSSL's error queue into one line.
std::string drain_errors();

}  // namespace cordon::tls
