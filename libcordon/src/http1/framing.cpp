#include "http1/framing.hpp"

#include <algorithm>
#include <charconv>

#include "http1/ascii.hpp"

namespace cordon::http1 {

namespace {

// More options than any client names; bounds the work of dropping the fields that they name.
constexpr int kMaxConnectionOptions = 64;

struct ConnectionOptions {
  int count = 0;
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
};

/// What the fields that matter here hold, gathered in one pass.
struct Findings {
  int hosts = 0;
  const Field* content_length = nullptr;
  const Field* transfer_encoding = nullptr;
  const Field* upgrade = nullptr;
  const Field* expect = nullptr;
  ConnectionOptions connection;
};

void gather_options(std::string_view list, ConnectionOptions& options) noexcept {
  while (!list.empty() && options.count <= kMaxConnectionOptions) {
    const std::string_view option = next_list_item(list);
    ++options.count;
    options.close |= equals_ignoring_case(option, "close");
    options.keep_alive |= equals_ignoring_case(option, "keep-alive");
    options.upgrade |= equals_ignoring_case(option, "upgrade");
  }
}

Fault gather(const std::vector<Field>& fields, Findings& found) noexcept {
  for (const Field& field : fields) {
    if (field.id == FieldName::other) continue;
    switch (field.id) {
      case FieldName::host:
        if (++found.hosts > 1) return "two Host fields";
        break;
      case FieldName::content_length:
        if (found.content_length != nullptr) return "two Content-Length fields";
        found.content_length = &field;
        break;
      case FieldName::transfer_encoding:
        if (found.transfer_encoding != nullptr) return "two Transfer-Encoding fields";
        found.transfer_encoding = &field;
        break;
      case FieldName::connection:
        gather_options(field.value, found.connection);
        if (found.connection.count > kMaxConnectionOptions) return "too many Connection options";
        break;
      case FieldName::upgrade:
        found.upgrade = &field;
        break;
      case FieldName::expect:
        found.expect = &field;
        break;
      default:
        break;
    }
  }
  return nullptr;
}

/// Digits only: no sign, no list, no white space, below 2^64 (RFC 9110, section 8.6).
bool parse_length(std::string_view text, std::uint64_t& length) noexcept {
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return false;
  return std::from_chars(text.data(), text.data() + text.size(), length).ec == std::errc();
}

/// The framing that Content-Length and Transfer-Encoding announce, or none when there is neither.
Fault judge_framing(const Findings& found, Version version, Framing& framing) noexcept {
  framing = {};
  if (found.transfer_encoding != nullptr) {
    if (found.content_length != nullptr) return "both Content-Length and Transfer-Encoding";
    if (version == Version::http_1_0) return "Transfer-Encoding in an HTTP/1.0 message";
    if (!equals_ignoring_case(found.transfer_encoding->value, "chunked")) {
      return "a Transfer-Encoding other than chunked";
    }
    framing.kind = Framing::Kind::chunked;
  } else if (found.content_length != nullptr) {
    if (!parse_length(found.content_length->value, framing.length)) return "Content-Length is not a number";
    framing.kind = Framing::Kind::length;
  }
  return nullptr;
}

bool is_kept_alive(const ConnectionOptions& options, Version version) noexcept {
  return !options.close && (version == Version::http_1_1 || options.keep_alive);
}

/// `chunked` after at most one space and with nothing behind it. Anything else is legal and no client's way of writing
/// it, but parsers have differed over it.
bool is_written_plainly(const Field& field) noexcept {
  const std::ptrdiff_t gap = field.value.data() - (field.name.data() + field.name.size());
  const bool one_space = gap == 2 && field.value.data()[-1] == ' ';
  return (gap == 1 || one_space) && !is_blank(field.value.data()[field.value.size()]);
}

bool has_body(const Framing& framing) noexcept {
  return framing.kind == Framing::Kind::chunked || (framing.kind == Framing::Kind::length && framing.length > 0);
}

/// RFC 6455, section 4.2.1.
bool is_websocket_handshake(const RequestHead& head, const Findings& found) noexcept {
  if (found.upgrade == nullptr || !found.connection.upgrade) return false;
  if (head.method != "GET" || head.version != Version::http_1_1 || has_body(head.framing)) return false;
  const bool version_13 = std::ranges::any_of(head.fields, [](const Field& field) {
    return field.value == "13" && equals_ignoring_case(field.name, "Sec-WebSocket-Version");
  });
  return version_13 && has_token(found.upgrade->value, "websocket") &&
         !head.value_of(FieldName::sec_websocket_key).empty();
}

}  // namespace

Fault judge_request(RequestHead& head) noexcept {
  Findings found;
  if (const Fault fault = gather(head.fields, found)) return fault;
  if (const Fault fault = judge_framing(found, head.version, head.framing)) return fault;
  const bool is_connect = head.method == "CONNECT";
  if (found.hosts == 0 && head.version == Version::http_1_1 && !is_connect) return "no Host field";
  if (found.transfer_encoding != nullptr && !is_written_plainly(*found.transfer_encoding)) {
    return "white space around Transfer-Encoding's value";
  }
  // What follows a CONNECT head is the tunnel's (RFC 9110, section 9.3.6); an announced body would be read as both.
  if (is_connect && has_body(head.framing)) return "CONNECT with a body";
  if (is_connect) head.framing = {};

  head.keep_alive = is_kept_alive(found.connection, head.version);
  head.expects_continue = found.expect != nullptr && head.version == Version::http_1_1 && has_body(head.framing) &&
                          has_token(found.expect->value, "100-continue");
  head.wants_websocket = is_websocket_handshake(head, found);
  return nullptr;
}

Fault judge_response(ResponseHead& head, AnswerTo request) noexcept {
  Findings found;
  if (const Fault fault = gather(head.fields, found)) return fault;
  if (const Fault fault = judge_framing(found, head.version, head.framing)) return fault;
  const bool bodyless = head.status < 200 || head.status == 204 || head.status == 304 || request == AnswerTo::head ||
                        (request == AnswerTo::connect && head.status < 300);
  if (bodyless) {
    head.framing = {};
  } else if (head.framing.kind == Framing::Kind::none) {
    head.framing.kind = Framing::Kind::until_close;
  }
  head.keep_alive = head.framing.kind != Framing::Kind::until_close && is_kept_alive(found.connection, head.version);
  return nullptr;
}

}  // namespace cordon::http1
