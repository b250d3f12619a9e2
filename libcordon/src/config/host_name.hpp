// Host names and IP literals in their one canonical form, so that two checks can never see two different hosts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon::config {

/// The canonical form of a host: lower case, one trailing dot dropped, an IPv6 literal without brackets and in its RFC
/// 5952 form (IPv4-mapped ones included), an IPv4 literal in dotted decimal. Input is what stands in a URI or a config,
/// brackets allowed for IPv6 only.
/// @returns bad_request for anything else: empty labels, characters outside [A-Za-z0-9-_.], bytes >= 0x80, percent
/// signs, zone ids, labels over 63 or names over 253 bytes, odd number forms of IPv4 (`0x7f.1`, `127.1`, `2130706433`)
Result<std::string> canonical_host(std::string_view host);

/// Whether a canonical host is an IPv4 or IPv6 literal.
bool is_ip_literal(std::string_view canonical) noexcept;

/// Whether a canonical host can only be this machine or a private network: `localhost` and the names below it (RFC
/// 6761), and the literals of 127/8, ::1, RFC 1918, RFC 4193, and their IPv4-mapped forms. Other names may resolve to
/// anything: no.
bool is_loopback_or_private(std::string_view canonical);

struct HostPort {
  std::string host;  ///< Canonical.
  std::uint16_t port = 0;
};

/// `host:port` or `[v6]:port` (RFC 9112, section 3.2.3). `default_port` 0 makes the port mandatory. Port 0 is refused.
Result<HostPort> parse_authority(std::string_view authority, std::uint16_t default_port);

}  // namespace cordon::config
