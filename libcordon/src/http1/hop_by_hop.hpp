// Fields that concern one connection only (RFC 9110, section 7.6.1).
#pragma once

#include "http1/message.hpp"

namespace cordon::http1 {

/// Marks as dropped what must not reach the next hop: Connection and each field that it names, Keep-Alive, TE, Upgrade and
/// HTTP2-Settings, Transfer-Encoding and Content-Length (framing is written anew), every `Proxy-*` field. Trailer is kept only for a
/// chunked body. For a WebSocket handshake Connection and Upgrade are marked too; the serializer writes its own.
void drop_hop_by_hop(RequestHead& request) noexcept;
void drop_hop_by_hop(ResponseHead& response) noexcept;

}  // namespace cordon::http1
