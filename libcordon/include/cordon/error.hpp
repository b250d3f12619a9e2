// File: error.hpp
//
// Errors are values: a function that can fail returns Result<T>, which holds either a T or an Error. An Error is a code from
// one short list and, where it helps a person, a context that says what, where and what to do next. No error ever holds a
// secret, a header value or a third party's text about one.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace cordon {

/// What went wrong. name() is the stable word that clients, logs and tests see; sentence() explains it.
enum class Errc : std::uint8_t {
  // A request that the proxy refuses or cannot complete. Each ends as one local reply.
  bad_request,         ///< The request's framing or one of its fields breaks RFC 9110 or RFC 9112.
  head_too_large,      ///< The request head is over the bound of 64 KiB (431).
  target_too_long,     ///< The request target alone is over the bound (414); named head_too_large on the wire.
  not_found,           ///< An origin-form request that is none of the proxy's own endpoints.
  misdirected,         ///< The request names another host than the connection is bound to (421).
  method_refused,      ///< TRACE, TRACK, or CONNECT inside a tunnel (405).
  plaintext_refused,   ///< A route's host asked for without TLS.
  tls_disabled,        ///< CONNECT to a route's host while TLS is switched off.
  destination_denied,  ///< The destination resolves to an address that the denylist holds.
  secret_unavailable,  ///< The route's secret could not be fetched; nothing was forwarded.
  upstream_dns,        ///< The origin's name does not resolve.
  upstream_connect,    ///< The origin refuses the connection or cannot be reached.
  upstream_tls,        ///< The origin's certificate or handshake is not acceptable.
  upstream_protocol,   ///< The origin's answer is not HTTP, or ends too early.
  upstream_timeout,    ///< The origin took longer than allowed (504).
  token_required,      ///< Tokens are enforced and the request shows none (407).
  token_invalid,       ///< The token shown is unknown, or for another instance (407).
  token_malformed,     ///< Proxy-Authorization is not one well-formed Basic credential (407).
  token_scope,         ///< The token is not allowed to use this route.
  peer_refused,        ///< The connection is from another user's process.
  binding_unapproved,  ///< The owner has not approved yet that this secret goes to this host.
  // A PostgreSQL session besides. Each ends as one ErrorResponse.
  tls_required,          ///< The listener takes TLS only, and the client speaks plaintext.
  replication_refused,   ///< A replication session, on a listener that does not allow them.
  too_many_connections,  ///< Too many clients of the listener have not said what they want.
  upstream_auth,         ///< The origin does not accept the role or its password.
  upstream_login,  ///< The origin asks for a weaker login than is allowed, or cannot prove that it knows the password.
  upstream_refused,  ///< The origin accepts the login and refuses the session.
  // A stream between two processes.
  end_of_stream,      ///< The peer has sent its last byte.
  connection_lost,    ///< The connection broke.
  timed_out,          ///< The operation's time is up.
  cancelled,          ///< The operation was given up because the server is stopping.
  unrecognized_name,  ///< The TLS client asked for another name than the tunnel's.
  // Secrets.
  secret_missing,     ///< The store answers, and has no such entry.
  secret_invalid,     ///< The value is empty, over 64 KiB, or holds CR, LF or NUL.
  secret_timeout,     ///< The store did not answer in time.
  store_unavailable,  ///< The store cannot be reached, is locked, or its helper is missing.
  // Files, configuration, process.
  config_invalid,  ///< The configuration cannot be used as it is.
  file_missing,    ///< A file that must exist does not.
  file_unsafe,     ///< A file's owner, mode or kind would let others read or change it.
  file_failed,     ///< Reading or writing a file failed.
  ca_invalid,      ///< The CA's files do not parse, do not match, or have ended.
  port_in_use,     ///< Another program listens on the port.
  not_supported,   ///< This version cannot do what is asked.
  not_running,     ///< No instance answers.
  wrong_instance,  ///< Another instance answers.
  // Background services.
  no_service_manager,  ///< There is no service manager of this user's to talk to.
  service_taken,       ///< The service's name or config belongs to another service.
  service_failed,      ///< The service did not start, or its manager refused.
  internal,            ///< A bug of ours, or the system out of resources.
};

/// The stable word of `code`, such as "upstream_dns": lower case, digits and underscores. Lives for ever.
std::string_view name(Errc code) noexcept;

/// One sentence for a person, without a full stop at its end. Lives for ever.
std::string_view sentence(Errc code) noexcept;

/// A code and what is known beyond it.
struct Error {
  Errc code = Errc::internal;
  std::string context;  ///< What, where, and what to do next; may be empty.

  /// The context where there is one, else the code's sentence.
  std::string message() const;
};

template <class T = void>
using Result = std::expected<T, Error>;

/// Makes the failing side of a Result<T>, whatever T is.
inline std::unexpected<Error> fail(Errc code, std::string context = {}) {
  return std::unexpected(Error{code, std::move(context)});
}

}  // namespace cordon
