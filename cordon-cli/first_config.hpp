// The config that a command writes where there is none.
#pragma once

#include <cstdint>
#include <string>

namespace cordon::cli {

/// A config without routes, and how to go on from there.
std::string first_config(std::uint16_t port);

}  // namespace cordon::cli
