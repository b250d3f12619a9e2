// Which addresses may be connected to. Decided on the resolved address, and the connection goes to that very address.
#pragma once

#include <cstdint>

#include <asio/ip/address.hpp>

namespace cordon::net {

/// What a destination was asked for as, and so how far it may reach.
enum class Reach : std::uint8_t {
  public_only,   ///< No route: nothing that the denylist holds.
  anywhere,      ///< A route's own host.
  private_only,  ///< A route's host without TLS: loopback and private addresses only.
};

/// Whether `address` is in the denylist: this machine, private and special networks, multicast, and every IPv6 form
/// that carries such an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo).
bool is_denied(const asio::ip::address& address) noexcept;

/// Whether `address` is loopback or of a private network (RFC 1918, RFC 4193), where plaintext may be sent.
bool is_private(const asio::ip::address& address) noexcept;

/// Whether `reach` lets a connection go to `address`.
bool allows(Reach reach, const asio::ip::address& address) noexcept;

/// Whether `address` belongs to this machine. Asks the system for its interfaces.
bool is_own_address(const asio::ip::address& address);

}  // namespace cordon::net
