#include "config/value_rules.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "config/host_name.hpp"
#include "config/text.hpp"

namespace cordon::config {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxHeaderName = 128;

constexpr std::string_view kAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // RFC 9110, section 5.6.2

/// Fields that frame or route the message, or belong to the connection: never a place for a credential.
constexpr std::array<std::string_view, 10> kReservedHeaders = {
    "Host", "Content-Length", "Transfer-Encoding", "Connection",          "Keep-Alive",
    "TE",   "Trailer",        "Upgrade",           "Proxy-Authorization", "Proxy-Authenticate"};

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool consists_of(std::string_view text, std::string_view characters, std::string_view marks) noexcept {
  return std::ranges::all_of(text, [&](char c) { return characters.contains(c) || marks.contains(c); });
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && consists_of(text, kAlphanumeric, kTokenMarks);
}

struct HostMistake {
  std::string_view sign, message;
};

/// What people write where a host belongs, the more telling sign first.
constexpr std::array<HostMistake, 5> kHostMistakes = {{
    {"://", "must be a host alone, without a scheme: `api.example.com`, not `https://api.example.com`"},
    {"*", "must not hold a wildcard: write one route for each host"},
    {"@", "must be a host alone, without user information"},
    {"/", "must be a host alone, without a path"},
    {"%", "must not hold a percent sign or a zone id"},
}};

bool has_port(std::string_view host) {
  return host.contains(':') && parse_authority(host, 0).has_value();
}

}  // namespace

Verdict judge_text(std::string_view text) {
  if (text.empty()) return "must not be empty";
  if (std::ranges::any_of(text, is_control)) return "must not hold control characters";
  return std::nullopt;
}

Verdict judge_name(std::string_view name) {
  if (name.empty()) return "must not be empty";
  if (name.size() > kMaxName) return "must have 64 characters at most";
  const bool known = consists_of(name, kAlphanumeric, " ._-/:@+()");
  if (known && kAlphanumeric.contains(name.front()) && name.back() != ' ') return std::nullopt;
  return "must begin with a letter or digit and hold only letters, digits, spaces and . _ - / : @ + ( )";
}

Verdict judge_host(std::string_view host) {
  if (host.empty()) return "must not be empty";
  if (!is_ascii(host)) return "must be in ASCII: give the `xn--` form of the name";
  const auto mistake =
      std::ranges::find_if(kHostMistakes, [&](const HostMistake& known) { return host.contains(known.sign); });
  if (mistake != kHostMistakes.end()) return std::string(mistake->message);
  if (has_port(host)) return "must be a host alone: a port belongs into `port`";
  if (const auto canonical = canonical_host(host); !canonical) {
    return fmt::format("must be a host name or an IP literal: {}", canonical.error().message());
  }
  return std::nullopt;
}

Verdict judge_upstream(std::string_view upstream) {
  if (upstream.empty()) return "must not be empty";
  if (!is_ascii(upstream)) return "must be in ASCII: give the `xn--` form of the name";
  if (upstream.contains("://")) return "must be `host:port` without a scheme, such as `db.example.com:5432`";
  if (const auto parsed = parse_authority(upstream, 5432); !parsed) {
    return fmt::format("must be `host:port`, such as `db.example.com:5432`: {}", parsed.error().message());
  }
  return std::nullopt;
}

Verdict judge_header_name(std::string_view name) {
  if (!is_token(name) || name.size() > kMaxHeaderName) {
    return "must be the name of a header field: letters, digits, `-` and `_`, such as `X-Api-Key`";
  }
  const auto same = [&](std::string_view reserved) { return equal_ignoring_case(name, reserved); };
  if (std::ranges::none_of(kReservedHeaders, same)) return std::nullopt;
  return fmt::format("must not be one of {}: they frame or route the message", list_words(kReservedHeaders));
}

Verdict judge_scheme(std::string_view scheme) {
  if (is_token(scheme)) return std::nullopt;
  return "must be one word of letters, digits and marks, such as `Bearer`: a space is put after it";
}

Verdict judge_basic_username(std::string_view username) {
  if (username.contains(':')) return "must not hold a colon: it ends the user name (RFC 7617)";
  return judge_text(username);
}

Verdict judge_helper_argument(std::string_view argument) {
  if (argument.starts_with('-')) return "must not begin with `-`: the helper program would take it for an option";
  return judge_text(argument);
}

Verdict judge_variable(std::string_view variable) {
  const bool known = !variable.empty() && consists_of(variable, kAlphanumeric, "_");
  if (known && !(variable.front() >= '0' && variable.front() <= '9')) return std::nullopt;
  return "must be the name of an environment variable: letters, digits and `_`, not beginning with a digit, without "
         "`$`";
}

Verdict judge_no_proxy(std::string_view entry) {
  if (entry.empty()) return "must not be empty";
  const auto known = [](char c) { return c > 0x20 && c < 0x7F && c != ','; };
  if (std::ranges::all_of(entry, known)) return std::nullopt;
  return "must be one host, domain, address or range in ASCII, without spaces and commas";
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
  };
  constexpr std::array<Unit, 4> kUnits = {{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
  if (text == "0") return std::chrono::milliseconds(0);
  std::uint32_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc{}) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(parsed.ptr - text.data()));
  const auto unit = std::ranges::find(kUnits, suffix, &Unit::name);
  if (unit == kUnits.end()) return std::nullopt;
  const std::chrono::milliseconds duration(count * unit->milliseconds);
  if (duration > kMaxDuration) return std::nullopt;
  return duration;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

}  // namespace cordon::config
