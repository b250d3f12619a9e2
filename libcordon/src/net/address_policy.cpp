#include "net/address_policy.hpp"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace cordon::net {
namespace {

using asio::ip::address;
using asio::ip::address_v4;
using asio::ip::address_v6;
using Bytes6 = address_v6::bytes_type;

struct Range4 {
  std::uint32_t network;
  int prefix;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr std::array kDenied4 = {
    Range4{ip(0, 0, 0, 0), 8},       // this network
    Range4{ip(10, 0, 0, 0), 8},      // private
    Range4{ip(100, 64, 0, 0), 10},   // carrier-grade NAT
    Range4{ip(127, 0, 0, 0), 8},     // loopback
    Range4{ip(169, 254, 0, 0), 16},  // link-local, cloud metadata
    Range4{ip(172, 16, 0, 0), 12},   // private
    Range4{ip(192, 0, 0, 0), 24},    // protocol assignments
    Range4{ip(192, 168, 0, 0), 16},  // private
    Range4{ip(198, 18, 0, 0), 15},   // benchmarking
    Range4{ip(224, 0, 0, 0), 4},     // multicast
    Range4{ip(240, 0, 0, 0), 4},     // reserved, broadcast
};

constexpr std::array kPrivate4 = {
    Range4{ip(10, 0, 0, 0), 8},
    Range4{ip(127, 0, 0, 0), 8},
    Range4{ip(172, 16, 0, 0), 12},
    Range4{ip(192, 168, 0, 0), 16},
};

template <std::size_t N>
bool in_any(const std::array<Range4, N>& ranges, std::uint32_t value) noexcept {
  return std::ranges::any_of(ranges,
                             [value](Range4 range) { return (value ^ range.network) >> (32 - range.prefix) == 0; });
}

bool starts_with(const Bytes6& bytes, std::initializer_list<unsigned char> prefix) noexcept {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

std::uint32_t word_at(const Bytes6& bytes, std::size_t offset) noexcept {
  return ip(bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]);
}

/// The IPv4 address that an IPv6 form stands for.
std::optional<std::uint32_t> carried_ipv4(const Bytes6& bytes) noexcept {
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return word_at(bytes, 12);  // mapped
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return word_at(bytes, 12);  // compatible, :: and ::1
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0})) return word_at(bytes, 12);  // translated (SIIT)
  if (starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return word_at(bytes, 12);  // NAT64 (RFC 6052)
  if (starts_with(bytes, {0x20, 0x02})) return word_at(bytes, 2);                                    // 6to4 (RFC 3056)
  if (starts_with(bytes, {0x20, 0x01, 0, 0})) return ~word_at(bytes, 12);  // Teredo (RFC 4380)
  return std::nullopt;
}

bool is_denied6(const Bytes6& bytes) noexcept {
  if ((bytes[0] & 0xfe) == 0xfc) return true;                      // unique local
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return true;  // link-local
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0) return true;  // site-local, deprecated but routed by some
  if (bytes[0] == 0xff) return true;                               // multicast
  if (starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 1}))
    return true;  // local-use NAT64 (RFC 8215): any IPv4 may be behind
  const auto carried = carried_ipv4(bytes);
  return carried && in_any(kDenied4, *carried);
}

}  // namespace

bool is_denied(const address& address) noexcept {
  return address.is_v4() ? in_any(kDenied4, address.to_v4().to_uint()) : is_denied6(address.to_v6().to_bytes());
}

bool is_private(const address& address) noexcept {
  if (address.is_v4()) return in_any(kPrivate4, address.to_v4().to_uint());
  const address_v6 v6 = address.to_v6();
  if (v6.is_v4_mapped()) return in_any(kPrivate4, word_at(v6.to_bytes(), 12));
  return v6.is_loopback() || (v6.to_bytes()[0] & 0xfe) == 0xfc;
}

bool allows(Reach reach, const address& address) noexcept {
  switch (reach) {
    case Reach::public_only:
      return !is_denied(address);
    case Reach::private_only:
      return is_private(address);
    case Reach::anywhere:
      return true;
  }
  return false;
}

bool is_own_address(const address& asked) {
  address plain = asked;
  if (plain.is_v6() && plain.to_v6().is_v4_mapped()) {
    plain = asio::ip::make_address_v4(asio::ip::v4_mapped, plain.to_v6());
  }
  if (plain.is_loopback() || plain.is_unspecified()) return true;
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) != 0) return true;  // not known to be another machine's
  bool own = false;
  for (const ifaddrs* entry = interfaces; entry != nullptr && !own; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET && plain.is_v4()) {
      sockaddr_in in{};
      std::memcpy(&in, entry->ifa_addr, sizeof in);
      own = ntohl(in.sin_addr.s_addr) == plain.to_v4().to_uint();
    } else if (entry->ifa_addr->sa_family == AF_INET6 && plain.is_v6()) {
      sockaddr_in6 in{};
      std::memcpy(&in, entry->ifa_addr, sizeof in);
      own = std::memcmp(&in.sin6_addr, plain.to_v6().to_bytes().data(), 16) == 0;
    }
  }
  freeifaddrs(interfaces);
  return own;
}

}  // namespace cordon::net
