#include "http1/target.hpp"

#include <algorithm>

#include "http1/ascii.hpp"

namespace cordon::http1 {

namespace {

bool is_scheme(std::string_view text) noexcept {
  return !text.empty() && is_alpha(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

/// User information would let `http://good@evil/` look like two hosts; a backslash is a slash to some (D13).
bool is_authority(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("@\\/?# ") == std::string_view::npos;
}

Result<Target> parse_absolute(std::string_view target) {
  const std::size_t colon = target.find("://");
  if (colon == std::string_view::npos || !is_scheme(target.substr(0, colon))) {
    return fail(Errc::bad_request, "the request target is neither a path nor a URI");
  }
  const std::string_view rest = target.substr(colon + 3);
  const std::size_t authority_size = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, authority_size);
  if (!is_authority(authority)) {
    return fail(Errc::bad_request, "the request target's authority is not `host` or `host:port`");
  }
  return Target{TargetForm::absolute, target.substr(0, colon), authority, rest.substr(authority_size)};
}

Result<Target> parse_connect(std::string_view target) {
  if (!is_authority(target)) return fail(Errc::bad_request, "CONNECT's target is not `host:port`");
  return Target{TargetForm::authority, {}, target, {}};
}

}  // namespace

Result<Target> parse_target(std::string_view method, std::string_view target) {
  if (target.contains('#')) return fail(Errc::bad_request, "the request target holds a fragment");
  if (method == "CONNECT") return parse_connect(target);
  if (target.starts_with('/')) return Target{TargetForm::origin, {}, {}, target};
  if (target == "*" && method == "OPTIONS") return Target{TargetForm::asterisk, {}, {}, {}};
  return parse_absolute(target);
}

std::string_view path_without_query(std::string_view path) noexcept {
  return path.substr(0, path.find('?'));
}

}  // namespace cordon::http1
