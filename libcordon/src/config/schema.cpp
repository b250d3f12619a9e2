#include "config/schema.hpp"

#include <limits>

#include <fmt/format.h>

#include "config/value_rules.hpp"

namespace cordon::config {
namespace {

constexpr std::string_view kPortForm = "must be a port from 1 to 65535";

/// The integer in [low, high]; nothing, with a fault, when it is none.
std::optional<std::int64_t> bounded(const Value& value, std::string_view wanted, std::int64_t low, std::int64_t high) {
  const auto* number = expect<std::int64_t>(value, wanted);
  if (number == nullptr) return std::nullopt;
  if (*number >= low && *number <= high) return *number;
  value.fault(fmt::format("must be from {} to {}", low, high));
  return std::nullopt;
}

template <class T>
void convert_each(const Value& value, std::string_view wanted, std::vector<T>& out) {
  const Array* array = expect<Array>(value, wanted);
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
    convert(value.item(i), out.emplace_back());
}

void convert_uid(const Value& value, std::uint32_t& out) {
  constexpr std::int64_t kLast = std::numeric_limits<std::uint32_t>::max() - std::int64_t{1};
  if (const auto uid = bounded(value, "a user id, a whole number", 0, kLast)) out = static_cast<std::uint32_t>(*uid);
}

template <class T, std::size_t kSize>
void convert_word(const Value& value, const std::array<std::pair<std::string_view, T>, kSize>& words, T& out) {
  std::array<std::string_view, kSize> names;
  std::ranges::transform(words, names.begin(), [](const auto& word) { return word.first; });
  const auto* text = expect<std::string>(value, "one of " + list_words(names));
  if (text == nullptr) return;
  const auto found = std::ranges::find(names, *text);
  if (found == names.end()) return value.fault(fmt::format("must be one of {}", list_words(names)));
  out = words[static_cast<std::size_t>(found - names.begin())].second;
}

constexpr std::array<std::pair<std::string_view, ClientTls>, 3> kClientTls = {
    {{"accept", ClientTls::accept}, {"require", ClientTls::require}, {"disable", ClientTls::disable}}};
constexpr std::array<std::pair<std::string_view, UpstreamTls>, 2> kUpstreamTls = {
    {{"verify-full", UpstreamTls::verify_full}, {"disable", UpstreamTls::disable}}};

}  // namespace

void convert(const Value& value, bool& out) {
  if (const auto* given = expect<bool>(value, "true or false")) out = *given;
}

void convert(const Value& value, std::string& out) {
  const auto* text = expect<std::string>(value, "a string");
  if (text == nullptr) return;
  if (text->empty()) return value.fault("must not be empty");
  out = *text;
}

void convert(const Value& value, std::uint16_t& out) {
  const auto* number = expect<std::int64_t>(value, "a port, a whole number from 1 to 65535");
  if (number == nullptr) return;
  if (*number < 1 || *number > 65535) return value.fault(std::string(kPortForm));
  out = static_cast<std::uint16_t>(*number);
}

void convert(const Value& value, std::filesystem::path& out) {
  std::string text;
  convert(value, text);
  if (!text.empty()) out = value.reading.resolve(text);
}

void convert(const Value& value, std::chrono::milliseconds& out) {
  if (const auto* number = std::get_if<std::int64_t>(&value.node.value); number != nullptr && *number == 0) return;
  const auto* text = expect<std::string>(value, "a duration such as \"15m\", or 0");
  if (text == nullptr) return;
  const auto duration = parse_duration(*text);
  if (!duration) return value.fault(std::string(kDurationForm));
  out = *duration;
}

void convert(const Value& value, PortSet& out) {
  if (const auto* word = std::get_if<std::string>(&value.node.value)) {
    if (*word != "any") return value.fault("must be a port from 1 to 65535, a list of ports, or \"any\"");
    out.any = true;
  } else if (const auto* array = std::get_if<Array>(&value.node.value)) {
    if (array->empty()) return value.fault("must name at least one port, or be \"any\"");
    convert_each(value, "", out.list);
  } else {
    convert(value, out.list.emplace_back());
  }
}

void convert(const Value& value, ClientTls& out) {
  convert_word(value, kClientTls, out);
}

void convert(const Value& value, UpstreamTls& out) {
  convert_word(value, kUpstreamTls, out);
}

void convert(const Value& value, std::vector<std::string>& out) {
  convert_each(value, "an array of strings", out);
}

void convert(const Value& value, std::vector<std::uint32_t>& out) {
  const Array* array = expect<Array>(value, "an array of user ids");
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i)
    convert_uid(value.item(i), out.emplace_back());
}

const Entry* find_entry(const Table& table, std::string_view name) noexcept {
  const auto found = std::ranges::find(table, name, &Entry::key);
  return found == table.end() ? nullptr : &*found;
}

void fault_unknown_key(const Value& value, const Entry& entry, std::span<const std::string_view> known) {
  const std::string_view near = nearest_word(entry.key, known);
  const std::string path = value.child(entry).key;
  std::string message = near.empty() ? fmt::format("unknown key; the keys here are {}", list_words(known))
                                     : fmt::format("unknown key; did you mean `{}`?", near);
  value.reading.fault(path, entry.place, std::move(message));
}

void fault_foreign_key(const Value& value, const Entry& entry, std::string_view selector, std::string_view selected,
                       std::span<const std::string_view> owners) {
  value.reading.fault(
      value.child(entry).key, entry.place,
      fmt::format("does not go with {0} `{1}`; it is a key of {0} {2}", selector, selected, list_words(owners)));
}

std::optional<std::size_t> select_variant(const Value& value, const Table& table, std::string_view selector,
                                          std::span<const std::string_view> names,
                                          std::span<const std::string_view> allowed) {
  const Entry* entry = find_entry(table, selector);
  if (entry == nullptr) {
    value.reading.fault(value.key + "." + std::string(selector), value.node.place,
                        fmt::format("is missing: it must be one of {}", list_words(allowed)));
    return std::nullopt;
  }
  const Value selecting = value.child(*entry);
  const auto* word = expect<std::string>(selecting, "one of " + list_words(allowed));
  if (word == nullptr) return std::nullopt;
  const auto found = std::ranges::find(names, *word);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  selecting.fault(fmt::format("must be one of {}", list_words(allowed)));
  return std::nullopt;
}

}  // namespace cordon::config
