#include "http1/head_lines.hpp"

#include <algorithm>

#include "http1/ascii.hpp"
#include "http1/field_name.hpp"

namespace cordon::http1 {

namespace {

constexpr std::size_t kCrlfSize = 2;
constexpr std::size_t kVersionSize = std::string_view("HTTP/1.1").size();

bool parse_version(std::string_view text, Version& version) noexcept {
  version = text == "HTTP/1.0" ? Version::http_1_0 : Version::http_1_1;
  return text == "HTTP/1.1" || text == "HTTP/1.0";
}

bool has_control(std::string_view text, Controls controls) noexcept {
  return controls == Controls::perhaps && std::ranges::any_of(text, is_control);
}

/// How many characters at the front of `text` belong to a token.
std::size_t token_size(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is_token(text[size]))
    ++size;
  return size;
}

/// PRI begins HTTP/2's preface (RFC 9113, section 3.4), SOURCE is another protocol's (Icecast); no HTTP/1 server has
/// either.
bool is_foreign_method(std::string_view method) noexcept {
  return method == "PRI" || method == "SOURCE";
}

}  // namespace

Fault parse_request_line(std::string_view line, Controls controls, RequestHead& head) noexcept {
  const std::size_t method_size = token_size(line);
  // Shortest: one character each of method and target, and two spaces.
  if (method_size == 0 || line.size() < method_size + 3 + kVersionSize || line[method_size] != ' ') {
    return "the request line is not `method target HTTP/1.1`";
  }
  const std::size_t version_at = line.size() - kVersionSize;
  if (line[version_at - 1] != ' ' || !parse_version(line.substr(version_at), head.version)) {
    return "the request's version is neither HTTP/1.1 nor HTTP/1.0";
  }
  head.method = line.substr(0, method_size);
  head.target = line.substr(method_size + 1, version_at - 1 - (method_size + 1));
  if (is_foreign_method(head.method)) return "the method belongs to another protocol";
  const bool blank = head.target.contains(' ') || (controls == Controls::perhaps && head.target.contains('\t'));
  if (blank || has_control(head.target, controls)) return "the request target holds a space or a control character";
  return nullptr;
}

Fault parse_status_line(std::string_view line, Controls controls, ResponseHead& head) noexcept {
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
  if (has_control(head.reason, controls)) return "the reason phrase holds a control character";
  return nullptr;
}

Fault parse_field_line(std::string_view line, Controls controls, Field& field) noexcept {
  std::size_t colon = 0;
  while (is_token(line[colon]))
    ++colon;  // ends at the CR at the latest
  // Catches obs-fold, an empty name, white space before the colon and a line without one, all at once.
  if (colon == 0 || line[colon] != ':') return "a field line is not `name: value`";
  field.name = line.substr(0, colon);
  field.value = trim_blanks(line.substr(colon + 1, line.size() - kCrlfSize - (colon + 1)));
  field.id = classify(field.name);
  field.dropped = false;
  return has_control(field.value, controls) ? "a field's value holds a control character" : nullptr;
}

}  // namespace cordon::http1
