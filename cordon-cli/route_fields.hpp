// What a route consists of, as flags and as questions: one table for `cordon route add` and `edit`.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/config_edit.hpp>

namespace CLI {
class App;
}

namespace cordon::cli {

/// A key of a route.
struct RouteField {
  std::string_view flag;
  std::string_view key;   ///< As in ConfigEntry.
  std::string_view type;  ///< What stands for its value in help.
  std::string_view help;
  std::string_view question;  ///< Empty: never asked for.
  /// The key that says whether this one belongs there (`auth.type`, `auth.secret.source`), and the values of it, with blanks between, with
  /// which this one may and must be there. No selector: it always may.
  std::string_view selector = {};
  std::string_view goes_with = {};
  std::string_view needed_with = {};
};

/// In the order in which a route is written.
std::span<const RouteField> route_fields();

const RouteField& route_field(std::string_view key);

/// Whether the field belongs into a route that says what `entry` says; whether it cannot be without it.
bool belongs(const RouteField& field, const ConfigEntry& entry);
bool is_needed(const RouteField& field, const ConfigEntry& entry);

/// The flags as they were given.
struct RouteFlags {
  std::map<std::string, std::vector<std::string>, std::less<>> values;  ///< By key.
  std::vector<std::string> unset;                                       ///< Flags' names, of `--unset`.

  bool has(std::string_view key) const { return values.contains(key); }
  bool none() const { return values.empty() && unset.empty(); }
};

/// Declares a flag for each field. `flags` must outlive the parsing.
void add_route_flags(CLI::App& app, RouteFlags& flags);

/// Puts what the flags say into the entry; a new source or auth type takes the keys of the old one out.
/// @returns what is wrong with a flag, naming it; nothing when all is well
std::optional<std::string> apply_flags(const RouteFlags& flags, ConfigEntry& entry);

/// The flags that would have to be given in addition. A name comes from the host.
std::vector<std::string_view> missing_flags(const ConfigEntry& entry);

/// The value of a field as one line of text, as a person would type it; empty when it is absent.
std::string text_of(const ConfigEntry& entry, const RouteField& field);

/// What is wrong with such a line as the field's value.
std::optional<std::string> objection_to(const RouteField& field, std::string_view text);

/// Sets a field from such a line; an empty one takes it out.
void set_text(ConfigEntry& entry, const RouteField& field, std::string_view text);

/// The same entry with its keys in the order in which a route is written.
ConfigEntry in_order(const ConfigEntry& entry);

}  // namespace cordon::cli
