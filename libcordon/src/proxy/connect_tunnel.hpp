// CONNECT: an opaque tunnel for hosts without a route, an intercepted connection for those with one.
#pragma once

#include "proxy/client.hpp"

namespace cordon::proxy {

/// Serves the CONNECT request whose head was read last. @returns keep_alive only after a refusal; a tunnel that was
/// opened has ended when this returns
net::Infallible<Ending> serve_connect(Client& client);

/// Tells the log that a request for a route's host went to a port that the route does not cover.
void note_other_port(const Runtime& runtime, const Route& route, std::uint16_t port);

}  // namespace cordon::proxy
