// why_not of config_edit.hpp: the rules of single values by their keys.
#include <algorithm>
#include <array>
#include <span>

#include <cordon/config_edit.hpp>

#include "config/value_rules.hpp"

namespace cordon {
namespace {

struct Rule {
  std::string_view key;
  config::Verdict (*judge)(std::string_view);
};

constexpr auto kRouteRules = std::to_array<Rule>({
    {"match.host", config::judge_host},
    {"auth.header_name", config::judge_header_name},
    {"auth.scheme", config::judge_scheme},
    {"auth.username", config::judge_basic_username},
});
constexpr auto kListenerRules = std::to_array<Rule>({
    {"upstream", config::judge_upstream},
    {"auth.username", config::judge_text},
});
constexpr auto kCommonRules = std::to_array<Rule>({
    {"name", config::judge_name},
    {"upstream_ca_path", config::judge_text},
    {"auth.secret.vault", config::judge_helper_argument},
    {"auth.secret.item", config::judge_helper_argument},
    {"auth.secret.field", config::judge_helper_argument},
    {"auth.secret.account", config::judge_text},
    {"auth.secret.service", config::judge_text},
    {"auth.secret.variable", config::judge_variable},
    {"auth.secret.path", config::judge_text},
});

config::Verdict judge_by(std::span<const Rule> rules, std::string_view key, std::string_view text) {
  const auto rule = std::ranges::find(rules, key, &Rule::key);
  return rule == rules.end() ? std::nullopt : rule->judge(text);
}

config::Verdict judge_timeout(std::string_view text) {
  if (config::parse_duration(text)) return std::nullopt;
  return std::string(config::kDurationForm);
}

}  // namespace

std::optional<std::string> why_not(ConfigList list, std::string_view key, std::string_view text) {
  if (key == "auth.secret.timeout") return judge_timeout(text);
  const std::span<const Rule> own = list == ConfigList::routes ? std::span<const Rule>(kRouteRules) : kListenerRules;
  if (auto wrong = judge_by(own, key, text)) return wrong;
  return judge_by(kCommonRules, key, text);
}

}  // namespace cordon
