#include "config/edit_render.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace cordon::config {
namespace {

/// A basic string: every text has exactly one, and it is on one line.
std::string basic_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

struct Render {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return basic_string(value); }
  template <class T>
  std::string operator()(const std::vector<T>& values) const {
    std::string out;
    for (const T& value : values)
      out += (out.empty() ? "" : ", ") + (*this)(value);
    return "[" + out + "]";
  }
};

bool is_bare(std::string_view part) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !part.empty() && std::ranges::all_of(part, plain);
}

template <class T>
std::optional<ConfigValue> list_of(const Array& array) {
  std::vector<T> out;
  for (const Node& item : array) {
    const auto* value = std::get_if<T>(&item.value);
    if (value == nullptr) return std::nullopt;
    out.push_back(*value);
  }
  return out;
}

std::optional<ConfigValue> value_of(const Node& node) {
  if (const auto* boolean = std::get_if<bool>(&node.value)) return *boolean;
  if (const auto* integer = std::get_if<std::int64_t>(&node.value)) return *integer;
  if (const auto* text = std::get_if<std::string>(&node.value)) return *text;
  const auto* array = std::get_if<Array>(&node.value);
  if (array == nullptr) return std::nullopt;
  auto texts = list_of<std::string>(*array);
  return texts ? texts : list_of<std::int64_t>(*array);
}

void collect(const Table& table, const std::string& prefix, ConfigEntry& out) {
  for (const Entry& entry : table) {
    const std::string key = prefix + entry.key;
    if (const auto* inner = std::get_if<Table>(&entry.node.value)) {
      collect(*inner, key + ".", out);
    } else if (auto value = value_of(entry.node)) {
      out.set(key, *std::move(value));
    }
  }
}

}  // namespace

KeyPath split_key(std::string_view dotted) {
  KeyPath out;
  for (std::size_t begin = 0; begin <= dotted.size();) {
    const std::size_t end = std::min(dotted.find('.', begin), dotted.size());
    out.emplace_back(dotted.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::string render(const ConfigValue& value) {
  return std::visit(Render{}, value);
}

std::string render_key(const KeyPath& key) {
  std::string out;
  for (const std::string& part : key)
    out += (out.empty() ? "" : ".") + (is_bare(part) ? part : basic_string(part));
  return out;
}

std::string render(std::string_view list, const ConfigEntry& entry, std::string_view line_end) {
  // The tables in the order in which their first keys come; the entry's own keys before all of them, as TOML wants it.
  std::vector<std::pair<std::string, std::string>> tables = {{"", fmt::format("[[{}]]{}", list, line_end)}};
  for (const ConfigEntry::Item& item : entry.items()) {
    const std::size_t dot = item.key.rfind('.');
    const std::string name = dot == std::string::npos ? "" : item.key.substr(0, dot);
    auto table = std::ranges::find(tables, name, &std::pair<std::string, std::string>::first);
    if (table == tables.end())
      table = tables.insert(tables.end(), {name, fmt::format("[{}.{}]{}", list, name, line_end)});
    const std::string key = name.empty() ? item.key : item.key.substr(dot + 1);
    table->second += fmt::format("{} = {}{}", key, render(item.value), line_end);
  }
  std::string out;
  for (const auto& [name, text] : tables)
    out += text;
  return out;
}

ConfigEntry entry_of(const Table& table) {
  ConfigEntry out;
  collect(table, "", out);
  return out;
}

}  // namespace cordon::config
