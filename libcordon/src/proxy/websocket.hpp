// The WebSocket handshake's answer, and what follows it (RFC 6455).
#pragma once

#include <memory>

#include "proxy/client.hpp"

namespace cordon::proxy {

/// Whether a 101 answers the request: it asked for a WebSocket, and Sec-WebSocket-Accept fits its key. Errors:
/// upstream_protocol.
Result<> check_switching(const http1::RequestHead& request, const http1::ResponseHead& response);

/// Passes the 101 on, then bytes both ways until both directions have ended. Bytes that came with either head are kept.
net::Infallible<Ending> switch_to_websocket(Client& client, std::unique_ptr<net::Stream>& origin, RequestEvent& record);

}  // namespace cordon::proxy
