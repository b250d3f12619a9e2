#include <cordon/config_edit.hpp>

#include <algorithm>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "config/document.hpp"
#include "config/edit_render.hpp"
#include "config/edit_text.hpp"
#include "config/edit_tree.hpp"
#include "config/text.hpp"

namespace cordon {
namespace {

using config::Node;

constexpr std::string_view word_of(ConfigList list) noexcept {
  return list == ConfigList::routes ? "routes" : "listeners";
}

Result<Node> parse(std::string_view text) {
  if (config::find_invalid_utf8(text)) return fail(Errc::config_invalid, "a value is not UTF-8");
  auto document = config::parse_document(text);
  if (document) return *std::move(document);
  return fail(Errc::config_invalid, fmt::format("line {}: {}", document.error().place.line, document.error().message));
}

/// `changed`, if it says what was meant.
Result<std::string> verified(Result<std::string> changed, const Node& expected) {
  if (!changed) return changed;
  const auto document = parse(*changed);
  if (document && config::same(*document, expected)) return changed;
  return fail(Errc::config_invalid,
              "the file is laid out in a way that cannot be edited safely; make the change by hand");
}

/// An entry's text made equal to `wanted`, key by key.
Result<std::string> with_changes(std::string text, const config::TableAddress& address, const ConfigEntry& old,
                                 const ConfigEntry& wanted) {
  for (const ConfigEntry::Item& item : wanted.items()) {
    const ConfigValue* present = old.find(item.key);
    if (present != nullptr && *present == item.value) continue;
    auto changed = config::with_value(text, address, config::split_key(item.key), item.value);
    if (!changed) return changed;
    text = *std::move(changed);
  }
  for (const ConfigEntry::Item& item : old.items()) {
    if (wanted.find(item.key) != nullptr) continue;
    auto changed = config::without_value(text, address, config::split_key(item.key));
    if (!changed) return changed;
    text = *std::move(changed);
  }
  return text;
}

void change_tree(config::Table& table, const ConfigEntry& old, const ConfigEntry& wanted) {
  for (const ConfigEntry::Item& item : wanted.items())
    config::set_in(table, config::split_key(item.key), item.value);
  for (const ConfigEntry::Item& item : old.items())
    if (wanted.find(item.key) == nullptr) config::erase_in(table, config::split_key(item.key));
}

Result<> assign(std::string& text, Result<std::string> changed) {
  if (!changed) return std::unexpected(std::move(changed).error());
  text = *std::move(changed);
  return {};
}

}  // namespace

const ConfigValue* ConfigEntry::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(items_, key, &Item::key);
  return found == items_.end() ? nullptr : &found->value;
}

std::string ConfigEntry::text(std::string_view key) const {
  const auto* text = std::get_if<std::string>(find(key));
  return text == nullptr ? std::string() : *text;
}

void ConfigEntry::set(std::string_view key, ConfigValue value) {
  const auto found = std::ranges::find(items_, key, &Item::key);
  if (found != items_.end())
    found->value = std::move(value);
  else
    items_.push_back({std::string(key), std::move(value)});
}

void ConfigEntry::erase(std::string_view key) {
  std::erase_if(items_, [key](const Item& item) {
    return item.key.starts_with(key) && (item.key.size() == key.size() || item.key[key.size()] == '.');
  });
}

bool ConfigEntry::operator==(const ConfigEntry& other) const noexcept {
  return items_.size() == other.items_.size() && std::ranges::is_permutation(items_, other.items_);
}

ConfigEdit::ConfigEdit(std::filesystem::path path, std::string text, Origin origin)
    : path_(std::move(path)), text_(std::move(text)), read_(text_), origin_(origin) {
}

std::vector<ConfigEntry> ConfigEdit::entries(ConfigList list) const {
  std::vector<ConfigEntry> out;
  auto document = parse(text_);
  const config::Array* array = document ? config::list_at(*document, word_of(list)) : nullptr;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const auto* table = std::get_if<config::Table>(&(*array)[i].value);
    out.push_back(table == nullptr ? ConfigEntry() : config::entry_of(*table));
  }
  return out;
}

Result<std::size_t> ConfigEdit::index_of(ConfigList list, std::string_view name) const {
  const auto all = entries(list);
  const auto found = std::ranges::find_if(all, [name](const ConfigEntry& entry) { return entry.text("name") == name; });
  if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
  const std::string_view kind = list == ConfigList::routes ? "route" : "listener";
  return fail(Errc::config_invalid, fmt::format("there is no {} `{}` in {}", kind, config::printable(name),
                                                config::printable(path_.native())));
}

Result<ConfigEntry> ConfigEdit::entry(ConfigList list, std::string_view name) const {
  const auto index = index_of(list, name);
  if (!index) return std::unexpected(index.error());
  return entries(list)[*index];
}

Result<> ConfigEdit::add(ConfigList list, const ConfigEntry& entry) {
  auto expected = parse(text_);
  if (!expected) return std::unexpected(std::move(expected).error());
  config::append_to(*expected, word_of(list), entry);
  return assign(text_, verified(config::with_entry(text_, word_of(list), entry), *expected));
}

Result<> ConfigEdit::replace(ConfigList list, std::string_view name, const ConfigEntry& entry) {
  const auto index = index_of(list, name);
  if (!index) return std::unexpected(index.error());
  auto expected = parse(text_);
  if (!expected) return std::unexpected(std::move(expected).error());
  config::Table* table = config::table_at(*expected, word_of(list), *index);
  const ConfigEntry old = config::entry_of(*table);
  change_tree(*table, old, entry);
  return assign(text_, verified(with_changes(text_, {word_of(list), *index}, old, entry), *expected));
}

Result<> ConfigEdit::remove(ConfigList list, std::string_view name) {
  const auto index = index_of(list, name);
  if (!index) return std::unexpected(index.error());
  auto expected = parse(text_);
  if (!expected) return std::unexpected(std::move(expected).error());
  config::Array* array = config::list_at(*expected, word_of(list));
  array->erase(array->begin() + static_cast<std::ptrdiff_t>(*index));
  if (array->empty()) config::erase_in(std::get<config::Table>(expected->value), {std::string(word_of(list))});
  return assign(text_, verified(config::without_entry(text_, {word_of(list), *index}), *expected));
}

Result<> ConfigEdit::set(std::string_view key, const ConfigValue& value) {
  auto expected = parse(text_);
  if (!expected) return std::unexpected(std::move(expected).error());
  const config::KeyPath path = config::split_key(key);
  config::set_in(std::get<config::Table>(expected->value), path, value);
  return assign(text_, verified(config::with_value(text_, {}, path, value), *expected));
}

std::expected<LoadedConfig, std::vector<ConfigFault>> ConfigEdit::check() const {
  return Config::parse(text_, path_);
}

}  // namespace cordon
