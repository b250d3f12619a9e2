// Request targets (RFC 9112, section 3.2): which form it is, and its parts. Knows syntax only; config/host_name judges hosts.
#pragma once

#include <cstdint>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon::http1 {

enum class TargetForm : std::uint8_t { origin, absolute, authority, asterisk };

struct Target {
  TargetForm form = TargetForm::origin;
  std::string_view scheme;     ///< With absolute: `http`, `https` or another, in the sender's case.
  std::string_view authority;  ///< With absolute and authority: `host`, `host:port`. Never has user information.
  std::string_view path;       ///< Path and query as sent, beginning with `/` or `?`; empty when absolute has neither.
};

/// Takes `target` apart for `method`. @returns bad_request for what fits no form, user information (`a@b`) or a fragment
Result<Target> parse_target(std::string_view method, std::string_view target);

/// The path without its query, for logs.
std::string_view path_without_query(std::string_view path) noexcept;

}  // namespace cordon::http1
