// Tables of the keys that a TOML table may have, and the one function that reads a TOML table by such a table.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/reading.hpp"
#include "config/text.hpp"

namespace cordon::config {

enum class Presence : std::uint8_t {
  required,
  optional,
  older,  ///< Optional, and never offered in a message.
};

/// A key and the function that reads its value into a T.
template <class T>
struct Key {
  std::string_view name;
  Presence presence;
  void (*read)(const Value&, T&);
};

/// The keys that go with one value of a table's selecting key (`type`, `source`).
template <class T>
struct Variant {
  std::string_view name;
  void (*begin)(T&);  ///< Makes the T that the keys are read into.
  std::span<const Key<T>> keys;
  std::string_view instead;  ///< For an older spelling: the new one.
};

// Values of one type each. A wrong one is faulted and leaves `out` as it is.
void convert(const Value& value, bool& out);
void convert(const Value& value, std::string& out);
void convert(const Value& value, std::uint16_t& out);  ///< A port.
void convert(const Value& value, std::filesystem::path& out);
void convert(const Value& value, std::chrono::milliseconds& out);
void convert(const Value& value, PortSet& out);
void convert(const Value& value, ClientTls& out);
void convert(const Value& value, UpstreamTls& out);
void convert(const Value& value, std::vector<std::string>& out);
void convert(const Value& value, std::vector<std::uint32_t>& out);  ///< User ids.

template <class T>
void convert(const Value& value, std::optional<T>& out) {
  convert(value, out.emplace());
}

template <class>
struct MemberTraits;
template <class C, class M>
struct MemberTraits<M C::*> {
  using Class = C;
};
template <auto kMember>
using ClassOf = typename MemberTraits<decltype(kMember)>::Class;

/// Reads a value into a member: `field<&Route::name>`.
template <auto kMember>
void field(const Value& value, ClassOf<kMember>& out) {
  convert(value, out.*kMember);
}

/// A table's entry; null when it has none of that name.
const Entry* find_entry(const Table& table, std::string_view name) noexcept;

template <class T>
const Key<T>* find_key(std::span<const Key<T>> keys, std::string_view name) noexcept {
  const auto found = std::ranges::find(keys, name, &Key<T>::name);
  return found == keys.end() ? nullptr : &*found;
}

/// Says that the key of `entry`, which is not among `known`, is unknown.
void fault_unknown_key(const Value& value, const Entry& entry, std::span<const std::string_view> known);

template <class T>
std::vector<std::string_view> names_of(std::span<const Key<T>> keys) {
  std::vector<std::string_view> names;
  for (const Key<T>& key : keys)
    names.push_back(key.name);
  return names;
}

/// Faults each required key that the table lacks.
template <class T>
void require_keys(const Value& value, const Table& table, std::span<const Key<T>> keys) {
  for (const Key<T>& key : keys) {
    if (key.presence != Presence::required || find_entry(table, key.name) != nullptr) continue;
    const std::string path = value.key.empty() ? std::string(key.name) : value.key + "." + std::string(key.name);
    // The root has no header that could be pointed at.
    value.reading.fault(path, value.key.empty() ? Place{} : value.node.place, "is missing: it is required here");
  }
}

/// Reads a table's entries in the order of `keys`: unknown ones and missing ones are faults.
template <class T>
void read_table(const Value& value, std::span<const Key<T>> keys, T& out) {
  const Table* table = expect<Table>(value, "a table");
  if (table == nullptr) return;
  for (const Key<T>& key : keys) {
    if (const Entry* entry = find_entry(*table, key.name)) key.read(value.child(*entry), out);
  }
  for (const Entry& entry : *table) {
    if (find_key(keys, entry.key) == nullptr) fault_unknown_key(value, entry, names_of(keys));
  }
  require_keys(value, *table, keys);
}

/// A reader for a table inside a T whose keys set the same T.
template <const auto& kKeys, class T>
void inner_table(const Value& value, T& out) {
  read_table<T>(value, kKeys, out);
}

/// Reads an array of tables, each into a new element.
template <class Element>
void read_tables(
    const Value& value, std::span<const Key<Element>> keys, std::vector<Element>& out,
    void (*finish)(Element&) = [](Element&) {}) {
  const Array* array = expect<Array>(value, "an array of tables, written [[" + value.key + "]]");
  if (array == nullptr) return;
  for (std::size_t i = 0; i < array->size(); ++i) {
    read_table<Element>(value.item(i), keys, out.emplace_back());
    finish(out.back());
  }
}

/// The selecting entry's index among `names`; nothing, with a fault, when it is missing or none of them. `allowed` are
/// those of the names that a message may offer.
std::optional<std::size_t> select_variant(const Value& value, const Table& table, std::string_view selector,
                                          std::span<const std::string_view> names,
                                          std::span<const std::string_view> allowed);

/// Says that `entry` belongs to other values of `selector`, which are `owners`.
void fault_foreign_key(const Value& value, const Entry& entry, std::string_view selector, std::string_view selected,
                       std::span<const std::string_view> owners);

template <class T>
std::vector<std::string_view> owners_of(std::span<const Variant<T>> variants, std::string_view key) {
  std::vector<std::string_view> owners;
  for (const Variant<T>& variant : variants) {
    const bool old = !variant.instead.empty();
    if (!old && find_key(variant.keys, key) != nullptr) owners.push_back(variant.name);
  }
  return owners;
}

/// Reads the entries of a table whose variant is known.
template <class T>
void read_variant_keys(const Value& value, const Table& table, std::string_view selector,
                       std::span<const Variant<T>> variants, const Variant<T>& selected, T& out) {
  std::vector<std::string_view> known = names_of(selected.keys);
  known.push_back(selector);
  for (const Entry& entry : table) {
    if (const Key<T>* key = find_key(selected.keys, entry.key)) {
      key->read(value.child(entry), out);
    } else if (const auto owners = owners_of(variants, entry.key); !owners.empty()) {
      fault_foreign_key(value, entry, selector, selected.name, owners);
    } else if (entry.key != selector) {
      fault_unknown_key(value, entry, known);
    }
  }
  require_keys(value, table, selected.keys);
}

/// Without a known variant: reads what every variant has, so that its faults are told too.
template <class T>
void read_common_keys(const Value& value, const Table& table, std::span<const Variant<T>> variants, T& out) {
  for (const Entry& entry : table) {
    const auto knows = [&](const Variant<T>& variant) { return find_key(variant.keys, entry.key) != nullptr; };
    if (std::ranges::all_of(variants, knows)) find_key(variants.front().keys, entry.key)->read(value.child(entry), out);
  }
}

/// Reads a table whose keys depend on its `selector`.
template <class T>
void read_variant(const Value& value, std::string_view selector, std::span<const Variant<T>> variants, T& out) {
  const Table* table = expect<Table>(value, "a table");
  if (table == nullptr) return;
  std::vector<std::string_view> names, allowed;
  for (const Variant<T>& variant : variants) {
    names.push_back(variant.name);
    if (variant.instead.empty()) allowed.push_back(variant.name);
  }
  const auto index = select_variant(value, *table, selector, names, allowed);
  if (!index) {
    variants.front().begin(out);
    read_common_keys(value, *table, variants, out);
    return value.reading.spoil(value.key);
  }
  const Variant<T>& selected = variants[*index];
  selected.begin(out);
  if (!selected.instead.empty()) {
    value.child(*find_entry(*table, selector))
        .warn("`" + std::string(selected.name) + "` is an older spelling: write " + std::string(selected.instead));
  }
  read_variant_keys(value, *table, selector, variants, selected, out);
}

}  // namespace cordon::config
