// ConfigEntry and ConfigValue as TOML, and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <cordon/config_edit.hpp>

#include "config/document.hpp"
#include "config/edit_scan.hpp"

namespace cordon::config {

/// A dotted key in its parts. No key of cordon.toml needs quotes.
KeyPath split_key(std::string_view dotted);

/// `"text"`, `443`, `["a", "b"]`.
std::string render(const ConfigValue& value);

/// `auth.secret`, quoted where a part needs it.
std::string render_key(const KeyPath& key);

/// `[[list]]`, its own keys, and then a table for each group of keys: lines that end with `line_end`.
std::string render(std::string_view list, const ConfigEntry& entry, std::string_view line_end);

/// What a table of the document says. Values that ConfigValue cannot hold are left out.
ConfigEntry entry_of(const Table& table);

}  // namespace cordon::config
