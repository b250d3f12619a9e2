// The one user of the TOML library: turns its tree into ours.
#include <algorithm>
#include <utility>

#include <toml++/toml.h>

#include "config/document.hpp"
#include "config/text.hpp"

namespace cordon::config {
namespace {

constexpr std::size_t kMaxQuote = 5;  // `true` and `false`, but no secret worth the name

Place place_from(const toml::source_region& region) noexcept {
  return {region.begin.line, region.begin.column};
}

std::string_view type_name(toml::node_type type) noexcept {
  switch (type) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or time";
  }
}

Node convert(const toml::node& node);

Node convert_table(const toml::table& table) {
  Table entries;
  for (const auto& [key, value] : table) {
    entries.push_back({std::string(key.str()), place_from(key.source()), convert(value)});
  }
  return {place_from(table.source()), type_name(toml::node_type::table), std::move(entries)};
}

Node convert_array(const toml::array& array) {
  Array items;
  for (const toml::node& item : array)
    items.push_back(convert(item));
  return {place_from(array.source()), type_name(toml::node_type::array), std::move(items)};
}

Node convert(const toml::node& node) {
  if (const auto* table = node.as_table()) return convert_table(*table);
  if (const auto* array = node.as_array()) return convert_array(*array);
  Node out{place_from(node.source()), type_name(node.type()), {}};
  if (const auto* text = node.as_string()) out.value = text->get();
  if (const auto* integer = node.as_integer()) out.value = integer->get();
  if (const auto* boolean = node.as_boolean()) out.value = boolean->get();
  return out;
}

/// The library's description without what it quotes from the text: a secret pasted without quotes would be shown. The
/// name of a key that is there twice stays.
std::string without_quotes(std::string_view description) {
  if (description.contains("cannot redefine existing")) return printable(description);
  std::string out;
  while (!description.empty()) {
    const std::size_t open = std::min(description.find('\''), description.size());
    out += description.substr(0, open);
    description.remove_prefix(open);
    if (description.empty()) break;
    const std::size_t close = std::min(description.find('\'', 1), description.size() - 1);
    out += close <= kMaxQuote + 1 ? description.substr(0, close + 1) : "'...'";
    description.remove_prefix(close + 1);
  }
  return printable(out);
}

Place within(std::string_view text, Place place) noexcept {
  const Place end = place_of(text, text.size());
  return place.line == 0 || place > end ? end : place;
}

}  // namespace

std::expected<Node, SyntaxFault> parse_document(std::string_view text) {
  if (const Place deep = find_deep_nesting(text); deep.line != 0) {
    return std::unexpected(SyntaxFault{deep, "nested too deep: keys may have 16 parts and values 16 levels"});
  }
  try {
    return convert_table(toml::parse(text));
  } catch (const toml::parse_error& error) {
    const std::string message = "not valid TOML: " + without_quotes(error.description());
    return std::unexpected(SyntaxFault{within(text, place_from(error.source())), message});
  }
}

}  // namespace cordon::config
