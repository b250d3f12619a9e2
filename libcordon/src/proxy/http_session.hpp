// A client's connection from its first byte to its last.
#pragma once

#include "proxy/client.hpp"
#include "proxy/destination.hpp"
#include "proxy/runtime.hpp"

namespace cordon::proxy {

/// Serves an accepted connection on the proxy port: own endpoints, absolute-form requests, CONNECT.
net::Infallible<> serve_client(Worker& worker, net::Socket socket);

/// Serves requests of a connection that is bound to one destination (the inside of a tunnel) until it ends. Each request
/// is served by the settings of its time: `destination` follows a reload.
net::Infallible<> serve_bound(Client& client, Destination& destination);

}  // namespace cordon::proxy
