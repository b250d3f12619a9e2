#include "tokens/token_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/toml_nesting.hpp"
#include "tokens/token_value.hpp"

namespace cordon::tokens {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxFaults = 10;  // told; a file of anything else than TOML could have thousands
constexpr std::size_t kShortestValue = 12;
constexpr std::array<std::string_view, 4> kKeys = {"name", "value", "created_at", "routes"};

/// The text with a number in place of each value, or what looks like the beginning of one: the TOML library copies what it reads
/// into memory that nobody wipes. Everything keeps its place, because the number has as many characters as what it stands
/// for.
class Redacted {
 public:
  explicit Redacted(std::string_view text) {
    text_.reserve(text.size());
    while (!text.empty()) {
      const std::size_t begin = std::min(text.find(kTokenPrefix), text.size());
      text_ += text.substr(0, begin);
      text.remove_prefix(begin);
      const std::size_t size = std::min(text.find_first_not_of(kBase64Url), text.size());
      append_number_for(text.substr(0, size));
      text.remove_prefix(size);
    }
  }

  std::string_view text() const noexcept { return text_; }

  /// What stands in the original in place of `number`; nothing when that is not a whole value.
  std::optional<std::string_view> value_of(std::string_view number) const noexcept {
    if (number.size() != kTokenSize || !number.starts_with(kTokenPrefix)) return std::nullopt;
    std::size_t index = 0;
    const char* const end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data() + kTokenPrefix.size(), end, index);
    if (parsed.ec != std::errc() || parsed.ptr != end || index >= values_.size()) return std::nullopt;
    return is_token(values_[index]) ? std::optional(values_[index]) : std::nullopt;
  }

 private:
  void append_number_for(std::string_view value) {
    if (value.size() < kShortestValue) {
      text_ += value;
      return;
    }
    text_ += kTokenPrefix;
    fmt::format_to(std::back_inserter(text_), "{:0{}}", values_.size(), value.size() - kTokenPrefix.size());
    values_.push_back(value);
  }

  std::string text_;
  std::vector<std::string_view> values_;  // in the original
};

std::uint32_t line_of(const toml::node& node) noexcept {
  return node.source().begin.line;
}

/// Nothing when the offset is missing, or when it is before 1970 or after 9999.
std::optional<std::chrono::sys_seconds> to_utc(const toml::date_time& time) {
  using namespace std::chrono;
  if (!time.offset) return std::nullopt;
  const year_month_day day{year(time.date.year), month(time.date.month), std::chrono::day(time.date.day)};
  const auto clock = hours(time.time.hour) + minutes(time.time.minute) + seconds(time.time.second);
  const sys_seconds utc = sys_days(day) + clock - minutes(time.offset->minutes);
  const bool usual = utc >= sys_seconds() && utc < sys_days(year(10'000) / 1 / 1);
  return usual ? std::optional(utc) : std::nullopt;
}

/// What is read so far, and what is wrong with it.
class Reading {
 public:
  explicit Reading(const Redacted& redacted) : redacted_(redacted) {}

  void fault(std::uint32_t line, std::string text) { faults_.push_back({line, std::move(text)}); }
  void read_root(const toml::table& root);
  Result<std::vector<StoredToken>> finish(const std::filesystem::path& path) &&;

 private:
  struct Fault {
    std::uint32_t line;
    std::string text;
  };

  void read_tokens(const toml::node& node);
  void read_token(const toml::table& table);
  const toml::node* require(const toml::table& table, std::string_view key);
  std::string read_name(const toml::table& table);
  Secret read_value(const toml::table& table);
  std::chrono::sys_seconds read_time(const toml::table& table);
  std::vector<std::string> read_routes(const toml::table& table);

  const Redacted& redacted_;
  std::vector<Fault> faults_;
  std::vector<StoredToken> tokens_;
};

void Reading::read_root(const toml::table& root) {
  for (const auto& [key, node] : root) {
    if (key.str() == "tokens") {
      read_tokens(node);
    } else {
      fault(key.source().begin.line, "an unknown key; the file holds [[tokens]] only");
    }
  }
  if (tokens_.empty() && faults_.empty()) fault(1, "there is no token in it");
}

void Reading::read_tokens(const toml::node& node) {
  const toml::array* const array = node.as_array();
  if (array == nullptr) return fault(line_of(node), "`tokens` must be an array of tables, written [[tokens]]");
  for (const toml::node& item : *array) {
    if (const toml::table* const table = item.as_table()) {
      read_token(*table);
    } else {
      fault(line_of(item), "a token must be a table, written [[tokens]]");
    }
  }
}

void Reading::read_token(const toml::table& table) {
  for (const auto& [key, node] : table) {
    if (std::ranges::find(kKeys, key.str()) != kKeys.end()) continue;
    fault(key.source().begin.line, "an unknown key; a token has `name`, `value`, `created_at` and `routes`");
  }
  StoredToken token{{read_name(table), read_time(table), read_routes(table)}, read_value(table)};
  const auto same_name = [&](const StoredToken& other) { return other.info.name == token.info.name; };
  const auto same_value = [&](const StoredToken& other) { return other.value.reveal() == token.value.reveal(); };
  if (!token.info.name.empty() && std::ranges::any_of(tokens_, same_name)) {
    fault(line_of(table), fmt::format("`name`: there is a token `{}` already", token.info.name));
  }
  if (!token.value.empty() && std::ranges::any_of(tokens_, same_value)) {
    fault(line_of(table), "`value`: another token has the same");
  }
  tokens_.push_back(std::move(token));
}

const toml::node* Reading::require(const toml::table& table, std::string_view key) {
  const toml::node* const node = table.get(key);
  if (node == nullptr) fault(line_of(table), fmt::format("`{}` is missing", key));
  return node;
}

std::string Reading::read_name(const toml::table& table) {
  const toml::node* const node = require(table, "name");
  if (node == nullptr) return {};
  const auto* const name = node->as_string();
  if (name != nullptr && is_token_name(name->get())) return name->get();
  fault(line_of(*node), "`name` must be a string of 1 to 64 letters, digits, `.`, `_` and `-`");
  return {};
}

Secret Reading::read_value(const toml::table& table) {
  const toml::node* const node = require(table, "value");
  if (node == nullptr) return {};
  const auto* const text = node->as_string();
  const auto value = text != nullptr ? redacted_.value_of(text->get()) : std::nullopt;
  if (value) return Secret(*value);
  fault(line_of(*node), "`value` must be a string of `cdn_` and 43 letters, digits, `-` and `_`");
  return {};
}

std::chrono::sys_seconds Reading::read_time(const toml::table& table) {
  const toml::node* const node = require(table, "created_at");
  if (node == nullptr) return {};
  const auto* const time = node->as_date_time();
  const auto utc = time != nullptr ? to_utc(time->get()) : std::nullopt;
  if (utc) return *utc;
  fault(line_of(*node), "`created_at` must be a date and time with its offset, such as 2026-01-02T03:04:05Z");
  return {};
}

std::vector<std::string> Reading::read_routes(const toml::table& table) {
  const toml::node* const node = table.get("routes");
  if (node == nullptr) return {};
  const toml::array* const array = node->as_array();
  const auto is_name = [](const toml::node& item) { return item.is_string() && is_route_name(**item.as_string()); };
  // An empty list could be meant as `none` as well as `all`.
  if (array == nullptr || array->empty() || !std::all_of(array->begin(), array->end(), is_name)) {
    fault(line_of(*node), "`routes` must be an array of routes' names; leave it out for all routes");
    return {};
  }
  std::vector<std::string> routes;
  for (const toml::node& item : *array)
    routes.push_back(**item.as_string());
  return routes;
}

Result<std::vector<StoredToken>> Reading::finish(const std::filesystem::path& path) && {
  if (faults_.empty()) return std::move(tokens_);
  std::ranges::stable_sort(faults_, {}, &Fault::line);
  std::string text;
  for (std::size_t i = 0; i < std::min(faults_.size(), kMaxFaults); ++i)
    text += fmt::format("{}{}:{}: {}", i == 0 ? "" : "; ", path.native(), faults_[i].line, faults_[i].text);
  if (faults_.size() > kMaxFaults) text += fmt::format("; and {} more", faults_.size() - kMaxFaults);
  return fail(Errc::config_invalid, std::move(text));
}

void parse_into(std::string_view text, Reading& reading) {
  if (const auto deep = base::find_deep_toml(text)) {
    const auto line = std::ranges::count(text.substr(0, *deep), '\n') + 1;
    return reading.fault(static_cast<std::uint32_t>(line), "nested too deep");
  }
  try {
    reading.read_root(toml::parse(text));
  } catch (const toml::parse_error& error) {
    // What the library says may quote the text.
    reading.fault(std::max(1U, error.source().begin.line), "not valid TOML");
  }
}

bool consists_of(std::string_view text, std::string_view allowed) {
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

Result<std::vector<StoredToken>> parse_tokens(std::string_view text, const std::filesystem::path& path) {
  const Redacted redacted(text);
  Reading reading(redacted);
  parse_into(redacted.text(), reading);
  return std::move(reading).finish(path);
}

void compose_tokens(std::span<const StoredToken> tokens, base::WipedBuffer& out) {
  using namespace std::chrono;
  out.append("# Written by `cordon token`. Who holds one of these values may use the routes.\n");
  for (const StoredToken& token : tokens) {
    const auto day = floor<days>(token.info.created_at);
    const year_month_day date(day);
    const hh_mm_ss time(token.info.created_at - day);
    out.append(fmt::format("\n[[tokens]]\nname = \"{}\"\nvalue = \"", token.info.name));
    out.append(token.value.reveal());
    out.append(fmt::format("\"\ncreated_at = {:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z\n", int(date.year()),
                           unsigned(date.month()), unsigned(date.day()), time.hours().count(), time.minutes().count(),
                           time.seconds().count()));
    if (token.info.routes.empty()) continue;
    out.append(fmt::format("routes = [\"{}\"]\n", fmt::join(token.info.routes, "\", \"")));
  }
}

bool is_token_name(std::string_view name) noexcept {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !name.empty() && name.size() <= kMaxName && consists_of(name, kAllowed) && !name.contains(kTokenPrefix);
}

bool is_route_name(std::string_view name) noexcept {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, plain) && !name.contains(kTokenPrefix);
}

}  // namespace cordon::tokens
