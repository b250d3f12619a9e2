// A port for a config that is being made.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace cordon::cli {

inline constexpr std::uint16_t kFirstPort = 6790;
inline constexpr std::uint16_t kLastPort = 6989;

/// The first port from kFirstPort to kLastPort that is not among `taken` and at which nothing listens on 127.0.0.1.
std::optional<std::uint16_t> find_free_port(const std::set<std::uint16_t>& taken = {});

}  // namespace cordon::cli
