#include "config/edit_tree.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "config/edit_render.hpp"

namespace cordon::config {
namespace {

using Rest = std::span<const std::string>;

Node* find_in(Table& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &found->node;
}

Node& make_in(Table& table, std::string_view key) {
  if (Node* found = find_in(table, key)) return *found;
  return table.emplace_back(Entry{std::string(key), {}, {}}).node;
}

struct ToNode {
  Node operator()(bool boolean) const { return {{}, {}, boolean}; }
  Node operator()(std::int64_t integer) const { return {{}, {}, integer}; }
  Node operator()(const std::string& text) const { return {{}, {}, text}; }
  template <class T>
  Node operator()(const std::vector<T>& values) const {
    Array items;
    for (const T& value : values)
      items.push_back((*this)(value));
    return {{}, {}, std::move(items)};
  }
};

void set_below(Table& table, Rest key, const ConfigValue& value) {
  Node& node = make_in(table, key.front());
  if (key.size() == 1) {
    node = std::visit(ToNode{}, value);
    return;
  }
  if (!std::holds_alternative<Table>(node.value)) node.value = Table();
  set_below(std::get<Table>(node.value), key.subspan(1), value);
}

bool same_tables(const Table& a, const Table& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const Entry& entry) {
           const auto other = std::ranges::find(b, entry.key, &Entry::key);
           return other != b.end() && same(entry.node, other->node);
         });
}

}  // namespace

Array* list_at(Node& root, std::string_view list) {
  auto* table = std::get_if<Table>(&root.value);
  Node* node = table == nullptr ? nullptr : find_in(*table, list);
  return node == nullptr ? nullptr : std::get_if<Array>(&node->value);
}

Table* table_at(Node& root, std::string_view list, std::size_t index) {
  if (list.empty()) return std::get_if<Table>(&root.value);
  Array* array = list_at(root, list);
  return array == nullptr || index >= array->size() ? nullptr : std::get_if<Table>(&(*array)[index].value);
}

void set_in(Table& table, const KeyPath& key, const ConfigValue& value) {
  set_below(table, key, value);
}

void erase_in(Table& table, const KeyPath& key) {
  Table* at = &table;
  for (std::size_t i = 0; i + 1 < key.size(); ++i) {
    Node* node = find_in(*at, key[i]);
    at = node == nullptr ? nullptr : std::get_if<Table>(&node->value);
    if (at == nullptr) return;
  }
  std::erase_if(*at, [&](const Entry& entry) { return entry.key == key.back(); });
}

void append_to(Node& root, std::string_view list, const ConfigEntry& entry) {
  Table table;
  for (const ConfigEntry::Item& item : entry.items())
    set_in(table, split_key(item.key), item.value);
  Node& node = make_in(std::get<Table>(root.value), list);
  if (!std::holds_alternative<Array>(node.value)) node.value = Array();
  std::get<Array>(node.value).push_back({{}, {}, std::move(table)});
}

bool same(const Node& a, const Node& b) {
  if (a.value.index() != b.value.index()) return false;
  if (const auto* table = std::get_if<Table>(&a.value)) return same_tables(*table, std::get<Table>(b.value));
  if (const auto* array = std::get_if<Array>(&a.value))
    return std::ranges::equal(*array, std::get<Array>(b.value), same);
  if (const auto* text = std::get_if<std::string>(&a.value)) return *text == std::get<std::string>(b.value);
  if (const auto* integer = std::get_if<std::int64_t>(&a.value)) return *integer == std::get<std::int64_t>(b.value);
  if (const auto* boolean = std::get_if<bool>(&a.value)) return *boolean == std::get<bool>(b.value);
  return true;
}

}  // namespace cordon::config
