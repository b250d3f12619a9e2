// What `systemctl show` prints, read.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "service/service_manager.hpp"

namespace cordon::service {

using Properties = std::map<std::string, std::string, std::less<>>;

/// The lines `Name=value` of `text`.
Properties parse_properties(std::string_view text);

/// The words of a property that is a list of paths; systemctl prints them as a shell would read them, in double quotes where
/// they are not plain.
std::vector<std::filesystem::path> parse_path_list(std::string_view value);

/// From the properties that kObservedProperties names, times as `--timestamp=unix` writes them.
Observation parse_observation(const Properties& properties);
extern const std::string_view kObservedProperties;

/// The number that a version such as `252.38-1~deb12u1` begins with; 0 when it begins with none.
int parse_systemd_version(std::string_view version) noexcept;

}  // namespace cordon::service
