// The protocol's version, as a StartupMessage and a NegotiateProtocolVersion name it.
#pragma once

#include <compare>
#include <cstdint>

namespace cordon::postgres {

struct ProtocolVersion {
  std::uint16_t major = 3;
  std::uint16_t minor = 0;

  static constexpr ProtocolVersion from_wire(std::uint32_t value) noexcept {
    return {static_cast<std::uint16_t>(value >> 16), static_cast<std::uint16_t>(value)};
  }
  constexpr std::uint32_t to_wire() const noexcept { return std::uint32_t{major} << 16 | minor; }

  friend constexpr auto operator<=>(const ProtocolVersion&, const ProtocolVersion&) = default;
};

}  // namespace cordon::postgres
