// Changes to a TOML text that leave all other bytes as they are. They know how texts are laid out and not what they mean: whoever
// calls them parses the result and compares (edit_tree.hpp).
#pragma once

#include <string>
#include <string_view>

#include <cordon/config_edit.hpp>

#include "config/edit_layout.hpp"

namespace cordon::config {

// All of these: `text` is TOML.
// @returns config_invalid when it is not laid out in a way that can be edited; the context says where

/// Gives a key of a table a value. What is new is put behind its siblings.
Result<std::string> with_value(std::string_view text, const TableAddress& table, const KeyPath& key,
                               const ConfigValue& value);

/// Takes a key out, with its line. One that is not there is fine.
Result<std::string> without_value(std::string_view text, const TableAddress& table, const KeyPath& key);

/// Adds an entry behind the last one of its list, or at the end.
Result<std::string> with_entry(std::string_view text, std::string_view list, const ConfigEntry& entry);

/// Takes an entry out, with the comment that stands above it.
Result<std::string> without_entry(std::string_view text, const TableAddress& entry);

}  // namespace cordon::config
