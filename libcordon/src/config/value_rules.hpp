// What single values of the config may be, for values from a file and from a host program alike.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cordon::config {

/// What is wrong with a value and what is allowed; nothing when it is fine. No verdict quotes the value.
using Verdict = std::optional<std::string>;

Verdict judge_text(std::string_view text);                 ///< Not empty, no control characters.
Verdict judge_name(std::string_view name);                 ///< Of a route or a listener.
Verdict judge_host(std::string_view host);                 ///< Any spelling of a host name or IP literal.
Verdict judge_upstream(std::string_view upstream);         ///< `host` or `host:port`.
Verdict judge_header_name(std::string_view name);          ///< RFC 9110, section 5.1, and none that frames the message.
Verdict judge_scheme(std::string_view scheme);             ///< RFC 9110, section 11.1: a token.
Verdict judge_basic_username(std::string_view username);   ///< RFC 7617, section 2: no colon.
Verdict judge_helper_argument(std::string_view argument);  ///< Cannot be taken for an option.
Verdict judge_variable(std::string_view variable);         ///< The name of an environment variable.
Verdict judge_no_proxy(std::string_view entry);

/// Durations in a file: a whole number and `ms`, `s`, `m` or `h`, such as `15m`; or `0`. At most 24 hours.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
inline constexpr std::chrono::milliseconds kMaxDuration = std::chrono::hours(24);
inline constexpr std::string_view kDurationForm =
    "must be a duration such as \"500ms\", \"60s\", \"15m\" or \"2h\", or \"0\", and 24h at most";

/// Whether two field names are the same (RFC 9110, section 5.1).
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace cordon::config
