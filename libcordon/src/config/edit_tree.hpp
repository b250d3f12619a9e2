// What a document ought to say after a change: the other half of each edit, which is held against the text's own meaning.
#pragma once

#include <cstddef>
#include <string_view>

#include <cordon/config_edit.hpp>

#include "config/document.hpp"
#include "config/edit_scan.hpp"

namespace cordon::config {

/// The table at `list`[`index`], or the root when `list` is empty; null when there is no such.
Table* table_at(Node& root, std::string_view list, std::size_t index);

/// The entries of a list; null when there is none, or it is no array.
Array* list_at(Node& root, std::string_view list);

void set_in(Table& table, const KeyPath& key, const ConfigValue& value);
void erase_in(Table& table, const KeyPath& key);
void append_to(Node& root, std::string_view list, const ConfigEntry& entry);

/// Whether both say the same: places and the order of keys do not count.
bool same(const Node& a, const Node& b);

}  // namespace cordon::config
