#include "config/reading.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include <fmt/format.h>

#include "config/text.hpp"

namespace cordon::config {
namespace {

constexpr std::string_view kListeners = "listeners[";

bool is_bare(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string shown_key(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, is_bare);
  return bare ? printable(key) : fmt::format("\"{}\"", printable(key));
}

/// Cuts the last part off, `a.b[0]` -> `a.b` -> `a` -> empty.
void cut_last_part(std::string& key) {
  const std::size_t at = key.find_last_of(".[");
  key.resize(at == std::string::npos ? 0 : at);
}

}  // namespace

void Reading::fault(const std::string& key, Place place, std::string message) {
  spoil(key);
  faults_.push_back({file_, place.line, place.column, key, std::move(message)});
}

void Reading::warn(const std::string& key, Place place, std::string message) {
  warnings_.push_back({file_, place.line, place.column, key, std::move(message)});
}

std::string Reading::as_written(const std::string& key) const {
  if (!key.starts_with(kListeners)) return key;
  std::size_t index = 0;
  const char* const end = key.data() + key.size();
  const char* const rest = std::from_chars(key.data() + kListeners.size(), end, index).ptr;
  if (index < first_service_) return key;
  const std::string_view below(rest, end);
  return fmt::format("services[{}{}", index - first_service_, below == "].port" ? "].listen" : below);
}

bool Reading::is_spoilt(std::string key) const {
  while (!key.empty()) {
    if (spoilt_.contains(key)) return true;
    cut_last_part(key);
  }
  return false;
}

Place Reading::place_of(std::string key) const {
  while (!key.empty()) {
    if (const auto found = places_.find(key); found != places_.end()) return found->second;
    cut_last_part(key);
  }
  return {};
}

ConfigFault Reading::place_finding(Finding finding) const {
  const Place place = place_of(finding.key);
  const Place other = place_of(finding.related);
  if (other.line != 0) finding.message += fmt::format(" (line {})", other.line);
  return {file_, place.line, place.column, std::move(finding.key), std::move(finding.message)};
}

void Reading::add_faults(std::vector<Finding> findings) {
  for (Finding& finding : findings) {
    finding.key = as_written(finding.key);
    finding.related = as_written(finding.related);
    if (!is_spoilt(finding.key) && !is_spoilt(finding.related)) faults_.push_back(place_finding(std::move(finding)));
  }
}

void Reading::add_warnings(std::vector<Finding> findings) {
  for (Finding& finding : findings)
    warnings_.push_back(place_finding(std::move(finding)));
}

std::vector<ConfigFault> Reading::take(std::vector<ConfigFault>& faults) {
  std::ranges::stable_sort(faults, {}, [](const ConfigFault& fault) { return std::tuple(fault.line, fault.column); });
  return std::move(faults);
}

Value Value::child(const Entry& entry) const {
  std::string path = key.empty() ? shown_key(entry.key) : key + "." + shown_key(entry.key);
  reading.remember(path, entry.node.place);
  return {entry.node, std::move(path), reading};
}

Value Value::item(std::size_t index) const {
  const Node& node_at = std::get<Array>(node.value)[index];
  std::string path = fmt::format("{}[{}]", key, index);
  reading.remember(path, node_at.place);
  return {node_at, std::move(path), reading};
}

}  // namespace cordon::config
