// The one TLS policy: versions 1.2 and 1.3, ALPN for what is spoken inside, no early data, no renegotiation, no compression, no client
// certificates; origins verified with their host name, always.
//
// A settings object (SSL_CTX) may be used by many threads at once; a session (SSL) belongs to one at a time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <openssl/base.h>
#include <openssl/ssl.h>

#include <cordon/error.hpp>

#include "tls/identity.hpp"

namespace cordon::tls {

/// What is spoken inside, as ALPN names it: http/1.1 or postgresql.
enum class Protocol : unsigned char { http1, postgresql };

/// Settings for handshakes in which `identity` is shown to clients. A client that offers ALPN without `protocol` gets
/// the alert no_application_protocol (RFC 7301, section 3.2); one without ALPN is served. Sessions are resumed by tickets,
/// and only with the same settings object: keep one for each identity. The identity may be dropped afterwards.
/// @returns internal when the pair does not match or memory is short
Result<bssl::UniquePtr<SSL_CTX>> make_server_context(const Identity& identity, Protocol protocol = Protocol::http1);

/// Settings for handshakes with origins, verified against `roots`: chain, validity and the purpose serverAuth; no
/// revocation. Sessions are not cached inside: whoever resumes sets SSL_CTX_sess_set_new_cb, keeps what it is given for
/// one (origin, verified name) only, and hands it to SSL_set_session.
/// @returns internal when memory is short
Result<bssl::UniquePtr<SSL_CTX>> make_origin_context(bssl::UniquePtr<X509_STORE> roots);

/// A server-side connection bound to `host` (canonical). A client whose SNI, canonicalised (case, one trailing dot), is
/// another gets the alert unrecognized_name (RFC 6066, section 3), resumed sessions included; none is fine. `host` must
/// outlive the connection. Settings of the handshake are freed at its end, so nothing may be configured after it.
Result<bssl::UniquePtr<SSL>> make_server_session(SSL_CTX& context, const std::string& host);

/// The same for a server that is what it is whatever name the client asks for.
Result<bssl::UniquePtr<SSL>> make_server_session(SSL_CTX& context);

/// A client-side connection that verifies `host` (canonical): sends it as SNI unless it is an IP literal, and looks for
/// it among the certificate's DNS names, or its addresses (RFC 9110, section 4.3.4). The subject's common name is never
/// looked at. Offers `protocol` in ALPN. Settings of the handshake are freed at its end.
Result<bssl::UniquePtr<SSL>> make_origin_session(SSL_CTX& context, const std::string& host,
                                                 Protocol protocol = Protocol::http1);

/// Whether both ends agreed on `protocol` by ALPN.
bool agreed_on(const SSL& ssl, Protocol protocol) noexcept;

/// The certificate that the peer has shown, in DER; empty when there is none.
std::vector<std::byte> peer_certificate(const SSL& ssl);

/// What the last failed handshake step of `ssl` was about, in words without any secret, such as `certificate has
/// expired`. Drains the calling thread's error queue.
std::string explain_failure(const SSL& ssl);

/// Whether the client of a server session asked for another name than the session's host.
bool refused_for_name(const SSL& ssl) noexcept;

/// Drains BoringSSL's error queue of the calling thread into one line; empty when there was nothing.
std::string drain_errors();

}  // namespace cordon::tls
