// The fields of an entry as flags and as lines of text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "entry_kind.hpp"

namespace CLI {
class App;
}

namespace cordon::cli {

/// The one with that key, which the kind must have.
const EntryField& field_of(const EntryKind& kind, std::string_view key);

/// Whether the field belongs into an entry that says what `entry` says; whether it cannot be without it.
bool belongs(const EntryKind& kind, const EntryField& field, const ConfigEntry& entry);
bool is_needed(const EntryField& field, const ConfigEntry& entry);

/// The flags as they were given.
struct EntryFlags {
  std::map<std::string, std::vector<std::string>, std::less<>> values;  ///< By key.
  std::vector<std::string> unset;                                       ///< Flags' names, of `--unset`.

  bool has(std::string_view key) const { return values.contains(key); }
  bool none() const { return values.empty() && unset.empty(); }
};

/// Declares the argument that names an entry of the config. `name` must outlive the parsing.
void add_entry_name(CLI::App& app, const EntryKind& kind, std::string& name);

/// Declares a flag for each field that has one. `flags` must outlive the parsing.
void add_entry_flags(CLI::App& app, const EntryKind& kind, EntryFlags& flags);

/// Puts what the flags say into the entry; a new source or auth type takes the keys of the old one out.
/// @returns what is wrong with a flag, naming it; nothing when all is well
std::optional<std::string> apply_flags(const EntryKind& kind, const EntryFlags& flags, ConfigEntry& entry);

/// The flags that would have to be given in addition. What the kind fills in by itself is not among them.
std::vector<std::string_view> missing_flags(const EntryKind& kind, const ConfigEntry& entry);

/// The value of a field as one line of text, as a person would type it; empty when it is absent.
std::string text_of(const ConfigEntry& entry, const EntryField& field);

/// What is wrong with such a line as the field's value.
std::optional<std::string> objection_to(const EntryKind& kind, const EntryField& field, std::string_view text);

/// Sets a field from such a line; an empty one takes it out.
void set_text(const EntryKind& kind, ConfigEntry& entry, const EntryField& field, std::string_view text);

/// The same entry with its keys in the order in which an entry is written.
ConfigEntry in_order(const EntryKind& kind, const ConfigEntry& entry);

/// The port on which the proxy listens for the entry; nothing for kinds that have none.
std::optional<std::uint16_t> own_port(const EntryKind& kind, const ConfigEntry& entry);

/// A port from 1 to 65535 in decimal.
std::optional<std::uint16_t> port_of(std::string_view text);

}  // namespace cordon::cli
