#include <cordon/error.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace cordon {
namespace {

struct Entry {
  Errc code;
  std::string_view name;
  std::string_view sentence;
};

constexpr Entry kEntries[] = {
    {Errc::bad_request, "bad_request", "The request is not well-formed HTTP"},
    {Errc::head_too_large, "head_too_large", "The request head is over the bound of 64 KiB"},
    {Errc::target_too_long, "head_too_large", "The request target is over the bound of 64 KiB"},
    {Errc::not_found, "not_found", "There is nothing at this path; set this address as a proxy instead"},
    {Errc::misdirected, "misdirected", "The request names another host than the one this connection is for"},
    {Errc::method_refused, "method_refused", "The proxy does not forward requests with this method"},
    {Errc::plaintext_refused, "plaintext_refused", "This host has a route and must be asked for with https"},
    {Errc::tls_disabled, "tls_disabled", "This host has a route, but TLS is switched off in cordon.toml"},
    {Errc::destination_denied, "destination_denied",
     "The destination is a private or reserved address; clients reach such hosts directly when NO_PROXY names them"},
    {Errc::secret_unavailable, "secret_unavailable", "The route's secret could not be fetched; nothing was forwarded"},
    {Errc::upstream_dns, "upstream_dns", "The origin's name does not resolve"},
    {Errc::upstream_connect, "upstream_connect", "The origin refuses the connection or cannot be reached"},
    {Errc::upstream_tls, "upstream_tls", "The origin's certificate or TLS handshake is not acceptable"},
    {Errc::upstream_protocol, "upstream_protocol", "The origin's answer is not HTTP, or ends too early"},
    {Errc::upstream_timeout, "upstream_timeout", "The origin took longer than allowed"},
    {Errc::token_required, "token_required", "The request shows no token; `cordon env` prints the address with one"},
    {Errc::token_invalid, "token_invalid", "The token is unknown, revoked, or another instance's"},
    {Errc::token_malformed, "token_malformed", "Proxy-Authorization is not one Basic credential"},
    {Errc::token_scope, "token_scope", "The token may not use this route"},
    {Errc::peer_refused, "peer_refused", "The connection is from another user's process"},
    {Errc::binding_unapproved, "binding_unapproved",
     "The secret's use for this host is new and not approved; see `cordon approve`"},
    {Errc::tls_required, "tls_required", "The listener takes connections with TLS only"},
    {Errc::replication_refused, "replication_refused", "The listener does not allow replication sessions"},
    {Errc::too_many_connections, "too_many_connections", "Too many connections to the listener are waiting to begin"},
    {Errc::upstream_auth, "upstream_auth", "The origin does not accept the login"},
    {Errc::upstream_login, "upstream_login", "The origin's way to log in is not acceptable"},
    {Errc::upstream_refused, "upstream_refused", "The origin refuses the session"},
    {Errc::end_of_stream, "end_of_stream", "The peer has closed the connection"},
    {Errc::connection_lost, "connection_lost", "The connection broke"},
    {Errc::timed_out, "timed_out", "The operation took longer than allowed"},
    {Errc::cancelled, "cancelled", "The operation was given up because the proxy is stopping"},
    {Errc::unrecognized_name, "unrecognized_name", "The TLS client asked for another host than its tunnel is for"},
    {Errc::secret_missing, "secret_missing", "The secret store has no such entry"},
    {Errc::secret_invalid, "secret_invalid", "The secret is empty, over 64 KiB, or holds a line break or a NUL byte"},
    {Errc::secret_timeout, "secret_timeout", "The secret store did not answer in time"},
    {Errc::store_unavailable, "store_unavailable", "The secret store cannot be reached, is locked, or has no helper"},
    {Errc::config_invalid, "config_invalid", "The configuration cannot be used as it is"},
    {Errc::file_missing, "file_missing", "The file does not exist"},
    {Errc::file_unsafe, "file_unsafe", "The file's owner, mode or kind would let others read or change it"},
    {Errc::file_failed, "file_failed", "The file could not be read or written"},
    {Errc::ca_invalid, "ca_invalid", "The certificate authority's files are unreadable, do not match, or have ended"},
    {Errc::port_in_use, "port_in_use", "Another program listens on the port"},
    {Errc::not_supported, "not_supported", "This version cannot do what is asked"},
    {Errc::not_running, "not_running", "No instance answers; start one with `cordon start`"},
    {Errc::wrong_instance, "wrong_instance", "Another instance answers on the port"},
    {Errc::no_service_manager, "no_service_manager", "There is no service manager of this user's to talk to"},
    {Errc::service_taken, "service_taken", "The service's name or its config belongs to another service"},
    {Errc::service_failed, "service_failed", "The service did not start, or its manager refused"},
    {Errc::internal, "internal", "A bug in Cordon, or the system is out of resources"},
};

constexpr std::size_t index(Errc code) {
  return static_cast<std::size_t>(code);
}

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < std::size(kEntries); ++i) {
    if (index(kEntries[i].code) != i) return false;
  }
  return true;
}

// The table is looked up by index.
static_assert(is_in_order() && std::size(kEntries) == index(Errc::internal) + 1);

const Entry& entry(Errc code) {
  return kEntries[std::min(index(code), index(Errc::internal))];
}

}  // namespace

std::string_view name(Errc code) noexcept {
  return entry(code).name;
}

std::string_view sentence(Errc code) noexcept {
  return entry(code).sentence;
}

std::string Error::message() const {
  return context.empty() ? std::string(sentence(code)) : context;
}

}  // namespace cordon
