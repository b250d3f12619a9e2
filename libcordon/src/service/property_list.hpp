// The launchd agent of a service, as an XML property list.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "service/definition.hpp"

namespace cordon::service {

/// What launchd calls the service of that name.
std::string launchd_label(std::string_view name);

/// The whole property list (launchd.plist(5)). What the program writes goes to the file `log`. `definition` has passed
/// check_definition.
std::string compose_property_list(const Definition& definition, const std::filesystem::path& log);

/// What a list that compose_property_list wrote is for; nothing when it is somebody else's.
std::optional<Written> read_property_list(std::string_view text);

}  // namespace cordon::service
