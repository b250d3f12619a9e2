// File: config_edit.hpp
//
// Changes to a cordon.toml that a person wrote: what is not changed stays as it is, byte for byte, comments, order and line ends
// included.
//
//   auto edit = cordon::ConfigEdit::open(instance.config);
//   cordon::ConfigEntry route;
//   route.set("name", "stripe");
//   route.set("match.host", "api.stripe.com");
//   ...
//   if (const auto added = edit->add(cordon::ConfigList::routes, route); !added) ...
//   if (const auto faults = edit->check(); !faults) ...   // every fault that the file would have
//   if (const auto saved = edit->save(); !saved) ...      // writes nothing unless all is well
//
// Each change is parsed again and compared with what was meant before it counts, so a text that is laid out in a way that this code does
// not know ends in an error and never in a spoilt file. Nothing here fetches a secret.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>

namespace cordon {

/// A value of the file.
using ConfigValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>, std::vector<std::int64_t>>;

/// What one `[[routes]]` or `[[listeners]]` table says, as it is written there: relative paths are relative, defaults are
/// absent. Keys are those of the file with dots, such as `auth.secret.source`.
class ConfigEntry {
 public:
  struct Item {
    std::string key;
    ConfigValue value;
    bool operator==(const Item&) const = default;
  };

  /// Null when the key is absent. The pointer is good until the next change.
  const ConfigValue* find(std::string_view key) const noexcept;

  /// The text of a key; empty when it is absent or no string.
  std::string text(std::string_view key) const;

  /// Changes the key, or adds it behind the others.
  void set(std::string_view key, ConfigValue value);

  /// Takes out the key and every key below it: `auth.secret` takes `auth.secret.source`.
  void erase(std::string_view key);

  const std::vector<Item>& items() const noexcept { return items_; }
  /// Whether both have the same keys with the same values, in whatever order.
  bool operator==(const ConfigEntry& other) const noexcept;

 private:
  std::vector<Item> items_;
};

/// The arrays of tables in the file.
enum class ConfigList : std::uint8_t { routes, listeners };

/// What is wrong with `text` as the value of an entry's key, and what is allowed: `must not be empty`. Nothing when it will do as far as
/// can be seen without the rest of the file, and for keys whose values are no text. Thread-safe.
std::optional<std::string> why_not(ConfigList list, std::string_view key, std::string_view text);

/// A config file on its way to another content. Not synchronised. A change that fails changes nothing.
class ConfigEdit {
 public:
  /// Reads the file as Config::load does. It may be faulty, as long as it is TOML.
  /// @returns file_missing; config_invalid, with what is wrong with its mode, its owner or its syntax
  static Result<ConfigEdit> open(const std::filesystem::path& path);

  /// A file that does not exist yet, with `text` as its content so far. save() makes it with mode 0644, and its folder, if
  /// that is missing too, with 0700. @returns config_invalid when `text` is no TOML
  static Result<ConfigEdit> create(const std::filesystem::path& path, std::string text);

  /// The entries, in the file's order; the keys of each in no special one. Values that no key can have (dates, numbers with a point) are left out.
  std::vector<ConfigEntry> entries(ConfigList list) const;

  /// The one called `name`. @returns config_invalid when there is none
  Result<ConfigEntry> entry(ConfigList list, std::string_view name) const;

  /// Adds an entry behind the last one of its list, or at the end of the file.
  Result<> add(ConfigList list, const ConfigEntry& entry);

  /// Makes the entry called `name` say what `entry` says: values that stay are not touched, nor are comments. New keys are put behind
  /// those of the table that they belong to.
  Result<> replace(ConfigList list, std::string_view name, const ConfigEntry& entry);

  /// Takes the entry called `name` out, with its sub-tables, and with the comment lines right above it that a blank line sets
  /// off from what comes before.
  Result<> remove(ConfigList list, std::string_view name);

  /// Sets a key outside of the lists, such as `listen` or `tls.enabled`.
  Result<> set(std::string_view key, const ConfigValue& value);

  // All of these are @returns config_invalid: what they are about is not there, or is written in a way that cannot be edited (the list
  // as one array, `routes = [...]`); the context says which line.

  const std::filesystem::path& path() const noexcept { return path_; }
  const std::string& text() const noexcept { return text_; }

  /// What the text is as a config: every fault, or the config with its warnings.
  std::expected<LoadedConfig, std::vector<ConfigFault>> check() const;

  /// Writes the file: whole or not at all, through a symbolic link to the file it leads to, whose mode and owner are kept. Blocks on
  /// the disk only. @returns config_invalid when check() has faults; file_failed when the file is not any more what was
  /// read (or is there already, for create()), when its owner cannot be kept, or writing fails
  Result<> save();

 private:
  enum class Origin : bool { nothing, file };
  ConfigEdit(std::filesystem::path path, std::string text, Origin origin);

  Result<std::size_t> index_of(ConfigList list, std::string_view name) const;

  std::filesystem::path path_;  ///< Absolute.
  std::string text_;
  std::string read_;  ///< What the file held when it was read.
  Origin origin_;
};

}  // namespace cordon
