// A port for a config that is being made.
#pragma once

#include <cstdint>
#include <optional>

namespace cordon::cli {

/// The first port from 6790 on at which nothing listens on 127.0.0.1. Nothing when there is none within reach.
std::optional<std::uint16_t> find_free_port();

}  // namespace cordon::cli
