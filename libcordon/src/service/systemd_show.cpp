#include "service/systemd_show.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace cordon::service {
namespace {

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view value_of(const Properties& properties, std::string_view name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string_view() : std::string_view(found->second);
}

template <class Number>
Number number_property(const Properties& properties, std::string_view name) {
  return number_of<Number>(value_of(properties, name)).value_or(Number{});
}

struct StateName {
  std::string_view active;
  std::string_view sub;  // empty: any
  ServiceState state;
};

// ActiveState and SubState of services; the first row that fits holds.
constexpr std::array<StateName, 8> kStates = {{{"active", "", ServiceState::running},
                                               {"reloading", "", ServiceState::running},
                                               {"refreshing", "", ServiceState::running},
                                               {"activating", "auto-restart", ServiceState::waiting},
                                               {"activating", "auto-restart-queued", ServiceState::waiting},
                                               {"activating", "", ServiceState::starting},
                                               {"deactivating", "", ServiceState::stopping},
                                               {"failed", "", ServiceState::failed}}};

ServiceState state_of(const Properties& properties) {
  for (const StateName& row : kStates)
    if (row.active == value_of(properties, "ActiveState") &&
        (row.sub.empty() || row.sub == value_of(properties, "SubState")))
      return row.state;
  return ServiceState::stopped;
}

/// ExecMainCode is waitid(2)'s si_code: 1 exited, 2 killed, 3 killed with a core dump; 0 while there is nothing to tell.
std::optional<ServiceEnd> end_of(const Properties& properties) {
  const int code = number_property<int>(properties, "ExecMainCode");
  if (code < 1) return std::nullopt;
  return ServiceEnd{.killed = code > 1, .number = number_property<int>(properties, "ExecMainStatus")};
}

/// `@1700000000`, which is empty or `n/a` when there is none.
std::optional<std::chrono::system_clock::time_point> time_of(std::string_view text) {
  if (!text.starts_with('@')) return std::nullopt;
  const auto seconds = number_of<std::int64_t>(text.substr(1));
  if (!seconds || *seconds <= 0) return std::nullopt;
  return std::chrono::system_clock::time_point(std::chrono::seconds(*seconds));
}

}  // namespace

const std::string_view kObservedProperties =
    "ActiveState,SubState,MainPID,NRestarts,ExecMainCode,ExecMainStatus,ActiveEnterTimestamp,UnitFileState,"
    "FragmentPath";

Properties parse_properties(std::string_view text) {
  Properties out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (const std::size_t at = line.find('='); at != std::string_view::npos)
      out.insert_or_assign(std::string(line.substr(0, at)), std::string(line.substr(at + 1)));
  }
  return out;
}

std::vector<std::filesystem::path> parse_path_list(std::string_view value) {
  std::vector<std::filesystem::path> out;
  std::string word;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '"')
      quoted = !quoted;
    else if (value[i] == '\\' && i + 1 < value.size())
      word += value[++i];
    else if (value[i] != ' ' || quoted)
      word += value[i];
    else if (!word.empty())
      out.emplace_back(std::exchange(word, {}));
  }
  if (!word.empty()) out.emplace_back(word);
  return out;
}

Observation parse_observation(const Properties& properties) {
  Observation seen;
  seen.state = state_of(properties);
  seen.enabled = value_of(properties, "UnitFileState") == "enabled";
  seen.pid = number_property<int>(properties, "MainPID");
  seen.restarts = number_property<std::uint64_t>(properties, "NRestarts");
  if (seen.state == ServiceState::running) seen.since = time_of(value_of(properties, "ActiveEnterTimestamp"));
  seen.last_end = end_of(properties);
  seen.file = value_of(properties, "FragmentPath");
  return seen;
}

int parse_systemd_version(std::string_view version) noexcept {
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

}  // namespace cordon::service
