// What ties a SCRAM login to the TLS connection that it goes through: tls-server-end-point (RFC 5929, section 4).
#pragma once

#include <string>

#include "base/bytes.hpp"

namespace cordon::postgres {

/// The hash of the origin's certificate, given as the DER that its handshake showed. The hash function is that of the
/// certificate's own signature, with SHA-256 in place of MD5 and SHA-1. Empty where RFC 5929 leaves it undefined: a signature
/// without a hash function, such as Ed25519's, one that is unknown, or a certificate that does not parse. Thread-safe.
std::string tls_server_end_point(base::ConstBytes certificate_der);

}  // namespace cordon::postgres
