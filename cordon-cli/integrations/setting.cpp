#include "integrations/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "integrations/env_edit.hpp"
#include "integrations/toml_edit.hpp"

namespace cordon::cli {
namespace {

// JSON

/// The commands that a hook runs, one a line.
std::string commands_in(const Json& value) {
  std::string out;
  if (!value.is_structured()) return out;
  for (const auto& [key, inner] : value.items())
    out += key == "command" && inner.is_string() ? inner.get<std::string>() + "\n" : commands_in(inner);
  return out;
}

struct Element {
  std::size_t index;
  Json value;
};

Result<std::optional<Element>> find_element(std::string_view text, const Setting& setting) {
  const auto array = find_json(text, setting.key);
  if (!array) return std::unexpected(array.error());
  if (!*array || !(*array)->is_array()) return std::nullopt;
  const std::string commands = commands_in(setting.value);
  const auto equal = std::ranges::find(**array, setting.value);
  const auto like = std::ranges::find_if(**array, [&](const Json& one) { return commands_in(one) == commands; });
  const auto found = equal != (*array)->end() ? equal : like;
  if (found == (*array)->end()) return std::nullopt;
  return Element{static_cast<std::size_t>(found - (*array)->begin()), *found};
}

Result<std::optional<Json>> find_in_json(std::string_view text, const Setting& setting) {
  if (setting.kind == SettingKind::value) return find_json(text, setting.key);
  auto found = find_element(text, setting);
  if (!found) return std::unexpected(std::move(found).error());
  return *found ? std::optional(std::move((*found)->value)) : std::nullopt;
}

Result<std::string> put_in_json(std::string_view text, const Setting& setting) {
  if (setting.kind == SettingKind::value) return put_json(text, setting.key, setting.value);
  const auto found = find_element(text, setting);
  if (!found) return std::unexpected(found.error());
  return *found ? Result<std::string>(text) : append_json(text, setting.key, setting.value);
}

Result<std::string> erase_in_json(std::string_view text, const Setting& setting) {
  if (setting.kind == SettingKind::value) return erase_json(text, setting.key);
  const auto found = find_element(text, setting);
  if (!found) return std::unexpected(found.error());
  return *found ? erase_json_element(text, setting.key, (*found)->index) : Result<std::string>(text);
}

Result<std::string> prune_json(std::string_view text, std::string_view original, const Setting& setting) {
  std::string out(text);
  JsonPath path = setting.key;
  if (setting.kind == SettingKind::value) path.pop_back();
  for (; !path.empty(); path.pop_back()) {
    const auto now = find_json(out, path);
    const auto before = find_json(original, path);
    if (!now || !before || !*now || *before || !(*now)->empty()) break;
    auto pruned = erase_json(out, path);
    if (!pruned) return pruned;
    out = std::move(*pruned);
  }
  return out;
}

// .env and TOML hold text only.

std::string text_of(const Setting& setting) {
  return setting.value.is_string() ? setting.value.get<std::string>() : setting.value.dump();
}

template <class T>
std::optional<Json> as_json(std::optional<T> text) {
  return text ? std::optional<Json>(std::move(*text)) : std::nullopt;
}

Result<std::optional<Json>> find_in_env(std::string_view text, const Setting& setting) {
  return as_json(find_env(text, setting.key.back()));
}

Result<std::string> put_in_env(std::string_view text, const Setting& setting) {
  return put_env(text, setting.key.back(), text_of(setting));
}

Result<std::string> erase_in_env(std::string_view text, const Setting& setting) {
  return erase_env(text, setting.key.back());
}

Result<std::string> prune_nothing(std::string_view text, std::string_view /*original*/, const Setting& /*setting*/) {
  return std::string(text);
}

Result<std::optional<Json>> find_in_toml(std::string_view text, const Setting& setting) {
  auto found = find_toml(text, setting.key);
  if (!found) return std::unexpected(std::move(found).error());
  return as_json(std::move(*found));
}

Result<std::string> put_in_toml(std::string_view text, const Setting& setting) {
  return put_toml(text, setting.key, text_of(setting));
}

Result<std::string> erase_in_toml(std::string_view text, const Setting& setting) {
  return erase_toml(text, setting.key);
}

Result<std::string> prune_toml(std::string_view text, std::string_view original, const Setting& setting) {
  const TomlPath table(setting.key.begin(), setting.key.end() - 1);
  const auto kept = erase_empty_toml_table(original, table);
  const bool was_there = kept && *kept != original;
  return was_there ? std::string(text) : erase_empty_toml_table(text, table);
}

constexpr std::array<Format, 3> kFormats = {{
    {"json", find_in_json, put_in_json, erase_in_json, prune_json},
    {"env", find_in_env, put_in_env, erase_in_env, prune_nothing},
    {"toml", find_in_toml, put_in_toml, erase_in_toml, prune_toml},
}};

// The token

/// Paths are never taken for addresses, whatever their names.
bool is_address(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().starts_with("http://") &&
         value.get_ref<const std::string&>().contains(kTokenPlace);
}

bool looks_like_token(std::string_view text) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return text.starts_with("cdn_") && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

const Format* find_format(std::string_view name) {
  const auto* const found = std::ranges::find(kFormats, name, &Format::name);
  return found == kFormats.end() ? nullptr : found;
}

Json with_token(const Json& planned, std::string_view token) {
  if (!is_address(planned)) return planned;
  auto text = planned.get<std::string>();
  return text.replace(text.find(kTokenPlace), kTokenPlace.size(), token);
}

bool fits(const Json& planned, const Json& actual) {
  if (!is_address(planned) || !actual.is_string()) return planned == actual;
  const std::string_view plan = planned.get_ref<const std::string&>();
  const std::string_view text = actual.get_ref<const std::string&>();
  const std::string_view before = plan.substr(0, plan.find(kTokenPlace));
  const std::string_view after = plan.substr(before.size() + kTokenPlace.size());
  return text.size() > before.size() + after.size() && text.starts_with(before) && text.ends_with(after) &&
         looks_like_token(text.substr(before.size(), text.size() - before.size() - after.size()));
}

bool has_token(const Json& planned) {
  return is_address(planned);
}

std::string name_of(const Setting& setting) {
  return fmt::format("{}", fmt::join(setting.key, "."));
}

Result<Held> held(const Format& format, std::string_view text, const Setting& setting) {
  const auto now = format.find(text, setting);
  if (!now) return std::unexpected(now.error());
  if (!*now) return Held::absent;
  return fits(setting.value, **now) ? Held::ours : Held::changed;
}

}  // namespace cordon::cli
