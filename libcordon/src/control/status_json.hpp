// What goes over the control socket, as JSON. The only place that knows the members' names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <cordon/control_client.hpp>

namespace cordon::control {

/// One line, without a line feed. Bytes that are not UTF-8 become U+FFFD.
std::string text_of(const nlohmann::json& value);

/// `path` as it comes out at the other end.
std::string json_path(const std::filesystem::path& path);

/// @returns upstream_protocol when `text` is not what to_json makes
Result<InstanceStatus> parse_status(std::string_view text);

std::string to_json(const ReloadReport& report);
/// @returns upstream_protocol
Result<ReloadReport> parse_report(std::string_view text);

/// `{"errors":[{"code":...,"message":...}]}`
std::string to_json(const std::vector<Error>& errors);
/// At least one: upstream_protocol when there is none to be read.
std::vector<Error> parse_errors(std::string_view text);

}  // namespace cordon::control
