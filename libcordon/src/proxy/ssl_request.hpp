// The question that a connection to a PostgreSQL server begins with (the manual's "SSL Session Encryption").
#pragma once

#include <cordon/config.hpp>

#include "net/stream.hpp"

namespace cordon::proxy {

/// Sends an SSLRequest over `stream` and judges the answer: after success the next byte is of the TLS handshake, or where
/// `wanted` does without TLS, the server is a PostgreSQL server. Nothing of an answer is ever shown: nobody has authenticated it.
/// Errors: upstream_tls when there is no TLS and it is wanted; upstream_protocol; upstream_timeout; upstream_connect; cancelled.
net::Task<> ask_for_tls(net::Stream& stream, UpstreamTls wanted);

}  // namespace cordon::proxy
