// The one digest that a protocol asks for by name.
#pragma once

#include <string>
#include <string_view>

namespace cordon::tls {

/// The base64 of the SHA-1 of `text`, as the WebSocket handshake uses it (RFC 6455, section 4.2.2).
std::string sha1_base64(std::string_view text);

}  // namespace cordon::tls
