// Writes heads anew from their parsed fields. The only place where a credential meets a request.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/wiped_buffer.hpp"
#include "http1/header_edit.hpp"
#include "http1/message.hpp"

namespace cordon::http1 {

/// Appends the head of `request` for the origin to `out`: request line with `target` in place of the request's own, always
/// HTTP/1.1; `Host: <host>` first; then every field that is neither dropped, nor Host, nor removed by an edit, in order and
/// case; then framing as request.framing says; then what the edits add. No allocation beyond `out`.
void serialize(const RequestHead& request, std::string_view target, std::string_view host,
               std::span<const HeaderEdit> edits, base::WipedBuffer& out);

/// Whether the message to a client goes on after it or the connection closes.
enum class Persistence : unsigned char { keep_alive, close };

/// Appends the head of `response` for a client of `client_version` to `out`: status line, the fields that are not dropped,
/// framing (a chunked body towards HTTP/1.0 becomes one until close), and `Connection: close` or, for HTTP/1.0, `keep-alive`.
void serialize(const ResponseHead& response, Version client_version, Persistence persistence, std::string& out);

/// Appends a chunk's head (`<hex>CRLF`) to `out`; the data and a CRLF follow it (RFC 9112, section 7.1).
void append_chunk_head(std::uint64_t size, std::string& out);

/// Appends the last chunk with `trailers`, leaving out those that `edits` remove from the head: what a route's credential
/// replaces must not come in by this door.
void append_last_chunk(std::span<const Field> trailers, std::span<const HeaderEdit> edits, std::string& out);
inline void append_last_chunk(std::span<const Field> trailers, std::string& out) {
  append_last_chunk(trailers, {}, out);
}

}  // namespace cordon::http1
