// Requests and responses as values. All views point into the parser that made them and end with its next head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "http1/byte_scan.hpp"

namespace cordon::http1 {

enum class Version : std::uint8_t { http_1_0, http_1_1 };

/// The field names that the proxy itself cares about; everything else is `other`.
enum class FieldName : std::uint8_t {
  other,
  authorization,
  connection,
  content_length,
  cookie,
  expect,
  host,
  http2_settings,
  keep_alive,
  proxy,  ///< Every field whose name begins with `Proxy-`.
  proxy_authorization,
  sec_websocket_accept,
  sec_websocket_key,
  te,
  trailer,
  transfer_encoding,
  upgrade,
};

/// One field line. Order and case are the sender's.
struct Field {
  std::string_view name;
  std::string_view value;
  FieldName id = FieldName::other;
  bool dropped = false;  ///< Not for the next hop: the serializer leaves it out.
};

/// How long a body is and how it is delimited (RFC 9112, section 6.3).
struct Framing {
  enum class Kind : std::uint8_t { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;  ///< With Kind::length.
};

struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< Bytes >= 0x80 are percent-encoded already.
  Version version = Version::http_1_1;
  std::vector<Field> fields;
  Framing framing;
  bool keep_alive = false;        ///< The client wants the connection kept (RFC 9112, section 9.3).
  bool expects_continue = false;  ///< Expect: 100-continue, on HTTP/1.1.
  bool wants_websocket = false;   ///< A well-formed WebSocket handshake (RFC 6455, section 4.1).

  /// The value of the first field with this id, or an empty view.
  std::string_view value_of(FieldName id) const noexcept;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  Version version = Version::http_1_1;
  std::vector<Field> fields;
  Framing framing;
  bool keep_alive = false;

  std::string_view value_of(FieldName id) const noexcept;
};

/// Whether `list`, a comma-separated field value, has the token `token` (any case).
bool has_token(std::string_view list, std::string_view token) noexcept;

/// Compares two ASCII strings without regard to case.
inline bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  return a.empty() || (((a[0] ^ b[0]) & ~0x20) == 0 && equal_letters(a, b));
}

}  // namespace cordon::http1
