// Routes and listeners as entries of cordon.toml. What differs between the two is said by a table for each; the commands that add,
// change, show and remove them (entry_commands.hpp), their flags (entry_fields.hpp) and their questions (entry_wizard.hpp) are the same.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cordon/config_edit.hpp>

#include "json_output.hpp"
#include "prompt.hpp"

namespace cordon::cli {

/// What the value of a key is.
enum class FieldForm : std::uint8_t {
  text,
  flag,   ///< True, or absent.
  port,   ///< A port of this machine that the proxy listens on for the entry.
  ports,  ///< One, several, or `any`, of another machine.
  words,  ///< A program and its arguments.
};

/// One of the few values that a key can have.
struct FieldChoice {
  std::string_view name;
  std::string_view note;
};

/// A key of an entry.
struct EntryField {
  std::string_view flag;  ///< Empty: there is none, as nobody has a choice.
  std::string_view key;   ///< As in ConfigEntry.
  std::string_view type;  ///< What stands for its value in help.
  std::string_view help;
  std::string_view question = {};  ///< Empty: never asked for.
  FieldForm form = FieldForm::text;
  Need need = Need::optional;  ///< Of a field without a selector.
  /// What is offered where the field is needed and says nothing yet.
  std::string_view usual = {};
  std::span<const FieldChoice> choices = {};  ///< Empty: any text. The first is what is usual.
  std::string_view otherwise = {};            ///< The choice that the key's absence stands for; empty: none.
  /// The key that says whether this one belongs there (`auth.type`, `auth.secret.source`), and the values of it, with blanks between, with
  /// which this one may and must be there. No selector: it always may.
  std::string_view selector = {};
  std::string_view goes_with = {};
  std::string_view needed_with = {};
};

/// What the other entries have, and this one cannot.
struct Taken {
  std::vector<std::string> names;
  std::set<std::uint16_t> ports;  ///< Those that the proxy listens on.
};

/// An entry as `list` and `show` print it. Of its secret only the place is in it.
struct ShownEntry {
  std::string name;
  std::string destination;
  std::vector<std::string> cells;                              ///< One for each of EntryKind::columns.
  std::vector<std::pair<std::string_view, std::string>> rows;  ///< Of `show`: labels and values.
  Json json;
  SecretRef secret;
};

struct EntryKind {
  ConfigList list;
  std::string_view noun;         ///< `route`: also the command's name.
  std::string_view nouns;        ///< Also the key of the list in JSON.
  std::string_view argument;     ///< What stands for a name in help: `ROUTE`.
  std::string_view destination;  ///< The key that says where the secret goes. Asked for first, and told in the end.
  std::string_view hint;         ///< What could be changed, as an example: `--header-name or --source`.
  std::span<const EntryField> fields;  ///< In the order in which an entry is written.
  std::span<const std::string_view>
      asked;  ///< The keys of the questions after the destination's; those of the secret's source follow.
  std::span<const std::string_view> columns;  ///< Of `list`.

  /// Fills in what is usual where the entry says nothing yet, its name for one. Called again and again as the entry grows.
  void (*fill_defaults)(ConfigEntry& entry, const Taken& taken);
  /// What there is to say about an entry's destination before it is asked for the rest; empty: nothing.
  std::string (*remark)(const ConfigEntry& entry);
  /// All of the config's, in its order.
  std::vector<ShownEntry> (*shown)(const Config& config);
};

extern const EntryKind kRouteKind;
extern const EntryKind kListenerKind;

// For the kinds' fill_defaults.

void set_if_absent(ConfigEntry& entry, std::string_view key, std::string_view value);

/// `name`, or else `name-2`, `name-3` ...
std::string free_name(std::string name, const Taken& taken);

// For the kinds' shown.

/// `json`, and what JSON says of entries of every kind: the source of the secret, and the entry's own roots or null.
Json with_place(Json json, const SecretRef& secret, const std::optional<std::filesystem::path>& roots);

/// All of a config's list, each as `show` makes it.
template <class Entry>
std::vector<ShownEntry> shown_all(const std::vector<Entry>& list, ShownEntry (*show)(const Entry& entry)) {
  std::vector<ShownEntry> out;
  out.reserve(list.size());
  for (const Entry& entry : list)
    out.push_back(show(entry));
  return out;
}

}  // namespace cordon::cli
