// What goes over the control socket, as JSON. The only place that knows the members' names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <cordon/control_client.hpp>

namespace cordon::control {

/// `path` as it comes out at the other end.
std::string json_path(const std::filesystem::path& path);

/// What an operation is asked with. An operation looks at what it needs.
struct Request {
  std::string config = {};  ///< As json_path makes it. Empty: whichever instance.
  std::string name = {};    ///< Of a route or listener.
  StopMode mode = StopMode::graceful;
  LogFormat format = LogFormat::text;
  Follow follow = Follow::no;
};

std::string to_json(const Request& request);
/// What is left out is as in a Request{}. @returns bad_request
Result<Request> parse_request(std::string_view text);

/// @returns upstream_protocol when `text` is not what to_json makes
Result<InstanceStatus> parse_status(std::string_view text);

std::string to_json(const ReloadReport& report);
/// @returns upstream_protocol
Result<ReloadReport> parse_report(std::string_view text);

/// `{"errors":[{"code":...,"message":...}]}`
std::string to_json(const std::vector<Error>& errors);
/// At least one. @returns upstream_protocol
Result<std::vector<Error>> parse_errors(std::string_view text);

/// The answer to `forget-secret`: whether there is a secret of that name.
std::string known_to_json(bool known);
/// @returns upstream_protocol
Result<bool> parse_known(std::string_view text);

}  // namespace cordon::control
