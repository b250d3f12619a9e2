#include "config/host_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "config/text.hpp"

namespace cordon::config {
namespace {

constexpr std::size_t kMaxName = 253;  // RFC 1035, section 2.3.4, without the length bytes
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxLiteral = 45;  // INET6_ADDRSTRLEN less its NUL

std::unexpected<Error> refused(const char* why) {
  return fail(Errc::bad_request, why);
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

constexpr bool is_name_char(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}

/// The address that `text` spells, in its canonical spelling; nothing when it is none.
std::optional<std::string> normalise_address(int family, std::string_view text) {
  if (text.empty() || text.size() > kMaxLiteral || text.contains('\0')) return std::nullopt;
  std::array<std::byte, sizeof(in6_addr)> address{};
  if (inet_pton(family, std::string(text).c_str(), address.data()) != 1) return std::nullopt;
  std::array<char, kMaxLiteral + 1> out{};
  if (inet_ntop(family, address.data(), out.data(), static_cast<socklen_t>(out.size())) == nullptr) return std::nullopt;
  return std::string(out.data());
}

Result<std::string> canonical_ipv6(std::string_view text) {
  // inet_pton of some systems takes `fe80::1%eth0`: a zone means something on one machine only.
  if (text.contains('%')) return refused("a host must not carry a zone id or a percent sign");
  auto literal = normalise_address(AF_INET6, text);
  if (!literal) return refused("not an IPv6 literal");
  return *std::move(literal);
}

/// Whether resolvers could take a name that ends in `label` for a number form of IPv4 (WHATWG URL, "ends in a number").
bool is_number(std::string_view label) {
  if (label.starts_with("0x")) return std::ranges::all_of(label.substr(2), is_hex_digit);
  return std::ranges::all_of(label, is_digit);
}

Result<void> check_labels(std::string_view name) {
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin) return refused("a host must not have an empty label");
    if (end - begin > kMaxLabel) return refused("a label of a host may have 63 bytes at most");
    begin = end + 1;
  }
  return {};
}

Result<std::string> canonical_name(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return refused("the host is empty");
  if (text.size() > kMaxName) return refused("a host name may have 253 bytes at most");
  std::string name = lower_case(text);
  if (!std::ranges::all_of(name, is_name_char))
    return refused("a host may hold letters, digits, `-`, `_` and `.` only");
  if (const auto checked = check_labels(name); !checked) return std::unexpected(checked.error());
  if (!is_number(std::string_view(name).substr(name.rfind('.') + 1))) return name;
  // Whatever ends in a number must be the one spelling of an IPv4 address: no octal, no hex, no missing parts.
  if (normalise_address(AF_INET, name) != name) return refused("an IPv4 address must be in dotted decimal");
  return name;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || text.front() == '0') return std::nullopt;
  return port;
}

/// Where the colon before the port is; npos when there is no port.
std::size_t find_port_colon(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  return authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
}

struct Prefix {
  std::array<std::uint8_t, 2> bytes;
  std::array<std::uint8_t, 2> mask;
};

constexpr std::array<Prefix, 4> kPrivateIpv4 = {{{{127, 0}, {0xFF, 0}},  // loopback
                                                 {{10, 0}, {0xFF, 0}},   // RFC 1918
                                                 {{172, 16}, {0xFF, 0xF0}},
                                                 {{192, 168}, {0xFF, 0xFF}}}};

bool is_private_ipv4(std::uint8_t first, std::uint8_t second) noexcept {
  return std::ranges::any_of(kPrivateIpv4, [&](const Prefix& prefix) {
    return (first & prefix.mask[0]) == prefix.bytes[0] && (second & prefix.mask[1]) == prefix.bytes[1];
  });
}

bool is_private_ipv6(const in6_addr& address) noexcept {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return is_private_ipv4(address.s6_addr[12], address.s6_addr[13]);
  return IN6_IS_ADDR_LOOPBACK(&address) || (address.s6_addr[0] & 0xFEU) == 0xFCU;
}

}  // namespace

Result<std::string> canonical_host(std::string_view host) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 2) return refused("the bracket of an IPv6 literal is not closed");
    return canonical_ipv6(host.substr(1, host.size() - 2));
  }
  return host.contains(':') ? canonical_ipv6(host) : canonical_name(host);
}

bool is_ip_literal(std::string_view canonical) noexcept {
  // A canonical name never ends in a numeric label, and only an IPv6 literal has colons.
  return canonical.contains(':') || (!canonical.empty() && is_number(canonical.substr(canonical.rfind('.') + 1)));
}

bool is_loopback_or_private(std::string_view canonical) {
  if (!is_ip_literal(canonical)) return canonical == "localhost" || canonical.ends_with(".localhost");
  const std::string literal(canonical);
  in6_addr v6{};
  if (inet_pton(AF_INET6, literal.c_str(), &v6) == 1) return is_private_ipv6(v6);
  std::array<std::uint8_t, sizeof(in_addr)> v4{};
  return inet_pton(AF_INET, literal.c_str(), v4.data()) == 1 && is_private_ipv4(v4[0], v4[1]);
}

Result<HostPort> parse_authority(std::string_view authority, std::uint16_t default_port) {
  const std::size_t colon = find_port_colon(authority);
  if (colon == std::string_view::npos && default_port == 0) return refused("the port is missing");
  const auto port = colon == std::string_view::npos ? default_port : parse_port(authority.substr(colon + 1));
  if (!port) return refused("the port must be a number from 1 to 65535");
  auto host = canonical_host(authority.substr(0, colon));
  if (!host) return std::unexpected(host.error());
  return HostPort{*std::move(host), *port};
}

}  // namespace cordon::config
