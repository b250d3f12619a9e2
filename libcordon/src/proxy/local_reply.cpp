#include "proxy/local_reply.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cordon::proxy {
namespace {

struct Row {
  Errc code;
  int status;
  std::string_view proxy_status;  ///< RFC 9209, section 2.3.
  std::string_view message;       ///< When the error brings none.
};

constexpr std::array kTable = {
    Row{Errc::bad_request, 400, "http_request_error", "The request's framing is not valid HTTP/1.1."},
    Row{Errc::target_too_long, 414, "http_request_error", "The request target is longer than 64 KiB."},
    Row{Errc::head_too_large, 431, "http_request_error", "The request head is larger than 64 KiB."},
    Row{Errc::not_found, 404, "http_request_denied",
        "This is Cordon's proxy port; use it as an HTTP proxy, or ask for /health."},
    Row{Errc::misdirected, 421, "http_request_denied",
        "The request names another host than its connection is bound to."},
    Row{Errc::method_refused, 405, "http_request_denied", "This method is not forwarded."},
    Row{Errc::plaintext_refused, 403, "http_request_denied",
        "This host has a route, and its credential is not sent without TLS. Use https."},
    Row{Errc::tls_disabled, 403, "http_request_denied",
        "This host has a route, but TLS is switched off in cordon.toml ([tls] enabled = false)."},
    Row{Errc::destination_denied, 403, "destination_ip_prohibited",
        "The destination is a private or special address and has no route. Add it to NO_PROXY to reach it without "
        "Cordon."},
    Row{Errc::secret_unavailable, 503, "proxy_internal_error",
        "The route's secret is not available; the request was not forwarded. Cordon's log says why."},
    Row{Errc::token_required, 407, "http_request_denied",
        "This proxy asks for a token. `cordon env` prints the proxy's address with one."},
    Row{Errc::token_invalid, 407, "http_request_denied",
        "The token is unknown, revoked, or another instance's. `cordon env` prints the current one."},
    Row{Errc::token_malformed, 407, "http_request_denied",
        "Proxy-Authorization must be one Basic credential, <instance>:<token>."},
    Row{Errc::token_scope, 403, "http_request_denied", "This token may not use this route."},
    Row{Errc::peer_refused, 403, "http_request_denied",
        "This connection is not known to be from a process of a user who may use this proxy. `allow_uids` in "
        "cordon.toml "
        "admits other users."},
    Row{Errc::binding_unapproved, 403, "http_request_denied",
        "This secret has not been approved for this host. Its owner runs `cordon approve`."},
    Row{Errc::upstream_dns, 502, "dns_error", "The origin's name cannot be resolved."},
    Row{Errc::upstream_connect, 502, "destination_unavailable", "The origin cannot be reached."},
    Row{Errc::upstream_tls, 502, "tls_certificate_error",
        "The origin's TLS certificate or handshake is not acceptable."},
    Row{Errc::upstream_protocol, 502, "http_protocol_error", "The origin's answer is not valid HTTP/1.1."},
    Row{Errc::upstream_timeout, 504, "connection_timeout", "The origin took too long."},
    Row{Errc::internal, 500, "proxy_internal_error", "Cordon could not handle the request."},
};

const Row& row_of(Errc code) noexcept {
  const auto* found = std::ranges::find(kTable, code, &Row::code);
  return found != kTable.end() ? *found : kTable.back();
}

/// What goes into a JSON string. Everything that is not plain ASCII text is dropped: no message of ours has any.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= 0x20 && c < 0x7f) out += c;
  }
  return out += '"';
}

/// Git asks for credentials on the same connection once it has seen this (RFC 9110, section 11.7.1).
std::string_view challenge_of(int status) noexcept {
  return status == 407 ? "Proxy-Authenticate: Basic realm=\"cordon\"\r\n" : "";
}

std::string_view connection_of(http1::Persistence persistence) noexcept {
  return persistence == http1::Persistence::keep_alive ? "keep-alive" : "close";
}

/// `fields` are whole lines.
void compose_ok(std::string_view type, std::string_view fields, std::string_view content,
                http1::Persistence persistence, Body body, std::string& out) {
  fmt::format_to(std::back_inserter(out),
                 "HTTP/1.1 200 OK\r\n"
                 "Content-Type: {}\r\n"
                 "Content-Length: {}\r\n"
                 "Cache-Control: no-store\r\n"
                 "{}"
                 "Connection: {}\r\n\r\n",
                 type, content.size(), fields, connection_of(persistence));
  if (body == Body::send) out += content;
}

}  // namespace

Refusal refuse(Error error, std::string_view route) {
  switch (error.code) {
    case Errc::timed_out:
      error.code = Errc::upstream_timeout;
      break;
    case Errc::connection_lost:
    case Errc::end_of_stream:
      error.code = Errc::upstream_protocol;
      break;
    default:
      break;
  }
  const Row& row = row_of(error.code);
  std::string message(row.message);
  if (!error.context.empty()) message += " (" + error.context + ")";
  return {row.code, std::move(message), route};
}

int status_of(Errc code) noexcept {
  return row_of(code).status;
}

void compose_refusal(const Refusal& refusal, http1::Persistence persistence, Body body, std::string& out) {
  const Row& row = row_of(refusal.code);
  const std::string_view code = name(row.code);
  const std::string route = refusal.route.empty() ? "" : ",\"route\":" + quoted(refusal.route);
  const std::string json = fmt::format("{{\"error\":\"{}\",\"message\":{}{}}}\n", code, quoted(refusal.message), route);
  fmt::format_to(std::back_inserter(out),
                 "HTTP/1.1 {} {}\r\n"
                 "Content-Type: application/json\r\n"
                 "Content-Length: {}\r\n"
                 "Proxy-Status: cordon; error={}; details=\"{}\"\r\n"
                 "{}"
                 "Connection: {}\r\n\r\n",
                 row.status, code, json.size(), row.proxy_status, code, challenge_of(row.status),
                 connection_of(persistence));
  if (body == Body::send) out += json;
}

void compose_health(std::string_view instance, http1::Persistence persistence, Body body, std::string& out) {
  compose_ok("application/json", fmt::format("Cordon-Instance: {}\r\n", instance), "{\"status\":\"ok\"}\n", persistence,
             body, out);
}

void compose_metrics(std::string_view figures, http1::Persistence persistence, Body body, std::string& out) {
  compose_ok("text/plain; version=0.0.4; charset=utf-8", "", figures, persistence, body, out);
}

}  // namespace cordon::proxy
