#include "integrations/env_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cordon::cli {
namespace {

/// `NAME=value`, and where it stands.
struct Assignment {
  std::size_t begin = 0;  ///< Of its line.
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
  std::size_t end = 0;  ///< One past its line end.
  std::string_view name;
};

std::size_t line_end(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::size_t skip(std::string_view text, std::size_t at, std::string_view bytes) {
  return std::min(text.find_first_not_of(bytes, at), text.size());
}

/// One past what stands without quotes from `at` on, in a line that ends at `end`.
std::size_t bare_end(std::string_view text, std::size_t at, std::size_t end) {
  const std::string_view rest = text.substr(at, end - at);
  const std::size_t comment = rest.starts_with('#') ? 0 : std::min({rest.find(" #"), rest.find("\t#"), rest.size()});
  const std::size_t last = rest.substr(0, comment).find_last_not_of(" \t\r");
  return last == std::string_view::npos ? at : at + last + 1;
}

/// One past the value that begins at `at`, in a line that ends at `end`; what stands right behind the quotes belongs to it.
std::size_t value_end(std::string_view text, std::size_t at, std::size_t end) {
  const char quote = at < text.size() ? text[at] : '\0';
  if (quote == '"' || quote == '\'') {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == quote) {
        return bare_end(text, i + 1, line_end(text, i + 1));
      }
    }
  }
  return bare_end(text, at, end);
}

/// The assignment in the line at `begin`; without a name when the line is none.
Assignment read_line(std::string_view text, std::size_t begin) {
  Assignment line{begin, 0, 0, line_end(text, begin), {}};
  std::size_t at = skip(text, begin, " \t");
  if (text.substr(at).starts_with("export ")) at = skip(text, at + 7, " \t");
  constexpr std::string_view kName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.";
  const std::size_t name_end = skip(text, at, kName);
  const std::size_t equals = skip(text, name_end, " \t");
  if (name_end > at && equals < line.end && text[equals] == '=') {
    line.name = text.substr(at, name_end - at);
    line.value_begin = std::min(skip(text, equals + 1, " \t"), line.end);
    line.value_end = value_end(text, line.value_begin, line.end);
    line.end = line_end(text, line.value_end);
  }
  if (line.end < text.size()) ++line.end;
  return line;
}

std::optional<Assignment> last_of(std::string_view text, std::string_view name) {
  std::optional<Assignment> found;
  std::size_t at = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  while (at < text.size()) {
    const Assignment line = read_line(text, at);
    if (line.name == name) found = line;
    at = line.end;
  }
  return found;
}

/// What a value in quotes stands for: single ones are literal but for \' and \\.
std::string unquoted(std::string_view text) {
  if (text.size() < 2 || (text[0] != '"' && text[0] != '\'') || text.back() != text[0]) return std::string(text);
  const bool literal = text[0] == '\'';
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const bool escape =
        text[i] == '\\' && i + 2 < text.size() && (!literal || text[i + 1] == '\'' || text[i + 1] == '\\');
    if (escape) ++i;
    out += escape && !literal && text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

}  // namespace

Result<std::string> dotenv_value(std::string_view name, std::string_view value) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,@%+*[]";
  if (value.find_first_not_of(kPlain) == std::string_view::npos) return std::string(value);
  if (value.find_first_of("'\\\r\n") == std::string_view::npos) return fmt::format("'{}'", value);
  return fail(Errc::not_supported,
              fmt::format("{} has a single quote, a backslash or a line end, which .env files cannot carry", name));
}

std::optional<std::string> find_env(std::string_view text, std::string_view name) {
  const auto found = last_of(text, name);
  if (!found) return std::nullopt;
  return unquoted(text.substr(found->value_begin, found->value_end - found->value_begin));
}

Result<std::string> put_env(std::string_view text, std::string_view name, std::string_view value) {
  const auto written = dotenv_value(name, value);
  if (!written) return written;
  std::string out(text);
  if (const auto found = last_of(text, name)) {
    const bool touches_comment = text.substr(found->value_end).starts_with('#');
    return out.replace(found->value_begin, found->value_end - found->value_begin,
                       *written + (touches_comment ? " " : ""));
  }
  const std::string_view end = text.contains("\r\n") ? "\r\n" : "\n";
  if (!out.empty() && !out.ends_with('\n')) out += end;
  return out + fmt::format("{}={}{}", name, *written, end);
}

std::string erase_env(std::string_view text, std::string_view name) {
  std::string out(text);
  if (const auto found = last_of(text, name)) out.erase(found->begin, found->end - found->begin);
  return out;
}

}  // namespace cordon::cli
