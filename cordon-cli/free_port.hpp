// A port for a config that is being made or changed.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace cordon::cli {

inline constexpr std::uint16_t kFirstPort = 6790;
inline constexpr std::uint16_t kLastPort = 6989;

struct PortRange {
  std::uint16_t first, last;
};

/// Whether nothing listens on 127.0.0.1:`port`. A moment later something may.
bool is_free_port(std::uint16_t port);

/// The first port of `range` that is free and not among `taken`.
std::optional<std::uint16_t> find_free_port(PortRange range, const std::set<std::uint16_t>& taken);

/// The same from kFirstPort to kLastPort, where proxies are.
std::optional<std::uint16_t> find_free_port(const std::set<std::uint16_t>& taken = {});

}  // namespace cordon::cli
