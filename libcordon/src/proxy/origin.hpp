// Connections to origins: from the pool, or new, dialled and verified.
#pragma once

#include <memory>

#include "proxy/destination.hpp"
#include "proxy/runtime.hpp"

namespace cordon::proxy {

/// Whether a connection that served another request before will do.
enum class Freshness : unsigned char { any, fresh };

struct OriginConnection {
  std::unique_ptr<net::Stream> stream;
  bool reused = false;
};

/// A connection to `destination`, verified when it is TLS. Errors: upstream_dns, upstream_connect, upstream_tls,
/// upstream_timeout, destination_denied, plaintext_refused (a route's origin without TLS that is not private),
/// cancelled.
net::Task<OriginConnection> open_origin(Worker& worker, const Destination& destination, Freshness freshness);

}  // namespace cordon::proxy
