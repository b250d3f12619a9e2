// Where the control socket of an instance may lie.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include <cordon/instance.hpp>

namespace cordon::config {

/// The places for the socket of the instance `name`, as Instance::control_sockets has them.
std::vector<std::filesystem::path> control_sockets(std::string_view name, const std::filesystem::path& state,
                                                   const SocketFolders& folders);

}  // namespace cordon::config
