#include "http1/head_lines.hpp"

#include <algorithm>

#include "http1/ascii.hpp"
#include "http1/field_name.hpp"

namespace cordon::http1 {

namespace {

constexpr std::size_t kVersionSize = std::string_view("HTTP/1.1").size();

bool parse_version(std::string_view text, Version& version) noexcept {
  version = text == "HTTP/1.0" ? Version::http_1_0 : Version::http_1_1;
  return text == "HTTP/1.1" || text == "HTTP/1.0";
}

bool is_target_character(char c) noexcept {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
}

/// PRI begins HTTP/2's preface (RFC 9113, section 3.4), SOURCE is another protocol's (Icecast); no HTTP/1 server has
/// either.
bool is_foreign_method(std::string_view method) noexcept {
  return method == "PRI" || method == "SOURCE";
}

}  // namespace

Fault parse_request_line(std::string_view line, RequestHead& head) noexcept {
  const auto method_end = std::find_if_not(line.begin(), line.end(), is_token);
  const auto method_size = static_cast<std::size_t>(method_end - line.begin());
  // Shortest: one character each of method and target, and two spaces.
  if (method_size == 0 || line.size() < method_size + 3 + kVersionSize || *method_end != ' ') {
    return "the request line is not `method target HTTP/1.1`";
  }
  const std::size_t version_at = line.size() - kVersionSize;
  if (line[version_at - 1] != ' ' || !parse_version(line.substr(version_at), head.version)) {
    return "the request's version is neither HTTP/1.1 nor HTTP/1.0";
  }
  head.method = line.substr(0, method_size);
  head.target = line.substr(method_size + 1, version_at - 1 - (method_size + 1));
  if (is_foreign_method(head.method)) return "the method belongs to another protocol";
  if (!std::ranges::all_of(head.target, is_target_character)) {
    return "the request target holds a space or a control character";
  }
  return nullptr;
}

Fault parse_status_line(std::string_view line, ResponseHead& head) noexcept {
  if (!parse_version(line.substr(0, kVersionSize), head.version)) {
    return "the response does not begin with HTTP/1.1 or HTTP/1.0";
  }
  line.remove_prefix(kVersionSize);
  const bool has_status =
      line.size() >= 4 && line[0] == ' ' && std::all_of(line.begin() + 1, line.begin() + 4, is_digit);
  if (!has_status || line[1] == '0' || (line.size() > 4 && line[4] != ' ')) {
    return "the response's status is not a number from 100 to 999";
  }
  head.status = (line[1] - '0') * 100 + (line[2] - '0') * 10 + (line[3] - '0');
  head.reason = line.size() > 5 ? line.substr(5) : std::string_view{};
  // A CR here would split the response for the client (H13).
  if (std::ranges::any_of(head.reason, is_control)) return "the reason phrase holds a control character";
  return nullptr;
}

Fault parse_field_line(std::string_view line, Field& field) noexcept {
  const auto colon = std::find_if_not(line.begin(), line.end(), is_token);
  const auto size = static_cast<std::size_t>(colon - line.begin());
  // Catches obs-fold, an empty name, white space before the colon and a line without one, all at once.
  if (size == 0 || colon == line.end() || *colon != ':') return "a field line is not `name: value`";
  field.name = line.substr(0, size);
  field.value = trim_blanks(line.substr(size + 1));
  field.id = classify(field.name);
  field.dropped = false;
  return nullptr;
}

bool has_high_bytes(std::string_view target) noexcept {
  return std::ranges::any_of(target, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

}  // namespace cordon::http1
