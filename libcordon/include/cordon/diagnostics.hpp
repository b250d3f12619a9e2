// File: diagnostics.hpp
//
// Trials of what an instance relies on outside of itself, without an instance that runs: the secret stores, the origins and the
// PostgreSQL servers.
// Behind `cordon doctor` and `cordon secret check`; hosts can show their users the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>
#include <cordon/instance.hpp>
#include <cordon/proxy_server.hpp>
#include <cordon/secret_store.hpp>

namespace cordon {

/// How one fetch went.
struct SecretTrial {
  std::optional<Error> error;
  std::chrono::milliseconds took{0};  ///< Rounded up.
};

/// Fetches each of `refs` once, all at the same time, each with its default deadline, and drops the values: one result each, in the
/// same order. Blocks until the last is done. Thread-safe.
std::vector<SecretTrial> try_secrets(const SecretStore& store, std::span<const SecretRef> refs);

/// How one connection to a route's origin, or to a listener's server, went.
struct OriginTrial {
  std::string name;  ///< Of the route or listener.
  std::string host;
  std::uint16_t port = 0;  ///< The port that answered, or the first that was tried; 443 for a route of any port.
  bool tls = true;  ///< False: a connection without TLS is all that was tried, as the route or listener allows that.
  std::chrono::milliseconds took{0};
  /// upstream_dns, upstream_connect, upstream_tls, upstream_timeout, destination_denied, of servers also upstream_protocol;
  /// the roots' faults
  std::optional<Error> error;
  std::optional<std::chrono::system_clock::time_point> certificate_end;  ///< Of the origin's own certificate.
};

/// Connects to the origin of each route of `config`, all at the same time, with the handshake, the roots and the deadlines that the
/// proxy itself would use, and sends nothing. `ca` names the CA in use, which is never trusted for origins; it need not be there.
/// Of `options` the timeouts, fixed addresses and extra roots count. Blocks until the last is done. Thread-safe.
/// @returns one result a route, in the config's order
std::vector<OriginTrial> try_origins(const Config& config, const CaPaths& ca, const ProxyOptions& options = {});

/// The same for the server of each listener: asks it for TLS with SSLRequest (PostgreSQL's manual, "SSL Session Encryption") and goes
/// through the handshake where the listener demands TLS. A server without it is well where the listener does without. Nobody logs
/// in. Blocks until the last is done. Thread-safe.
/// @returns one result a listener, in the config's order
std::vector<OriginTrial> try_servers(const Config& config, const CaPaths& ca, const ProxyOptions& options = {});

}  // namespace cordon
