#include "entry_fields.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "choices.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

constexpr std::string_view kPortForm = "must be a port from 1 to 65535";

bool is_among(std::string_view words, std::string_view word) {
  for (std::size_t begin = 0; begin < words.size() && !word.empty();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    if (words.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

/// `443`, `[443, 80]` or `"any"`; nothing when it is none of them.
std::optional<ConfigValue> ports_of(const std::vector<std::string>& words) {
  if (words == std::vector<std::string>{"any"}) return ConfigValue("any");
  std::vector<std::int64_t> ports;
  for (const std::string& word : words) {
    const auto port = port_of(word);
    if (!port) return std::nullopt;
    ports.push_back(*port);
  }
  if (ports.size() == 1) return ConfigValue(ports.front());
  return ConfigValue(std::move(ports));
}

struct Words {
  std::vector<std::string> operator()(bool value) const { return {value ? "true" : "false"}; }
  std::vector<std::string> operator()(std::int64_t value) const { return {std::to_string(value)}; }
  std::vector<std::string> operator()(const std::string& value) const { return {value}; }
  std::vector<std::string> operator()(const std::vector<std::string>& values) const { return values; }
  std::vector<std::string> operator()(const std::vector<std::int64_t>& values) const {
    std::vector<std::string> out;
    for (const std::int64_t value : values)
      out.push_back(std::to_string(value));
    return out;
  }
};

/// What the selector says, or what its absence stands for.
std::string selection(const EntryKind& kind, const EntryField& field, const ConfigEntry& entry) {
  const std::string text = entry.text(field.selector);
  return text.empty() ? std::string(field_of(kind, field.selector).otherwise) : text;
}

/// Whether other fields come and go with this one's value.
bool selects(const EntryKind& kind, const EntryField& field) {
  return std::ranges::find(kind.fields, field.key, &EntryField::selector) != kind.fields.end();
}

/// Takes out what went with another choice of `selector`.
void drop_foreign(const EntryKind& kind, const EntryField& selector, ConfigEntry& entry) {
  for (const EntryField& field : kind.fields)
    if (field.selector == selector.key && !belongs(kind, field, entry)) entry.erase(field.key);
}

/// What is wrong with a value; nothing when it was set.
using Fault = std::optional<std::string>;

Fault set_port(ConfigEntry& entry, const EntryField& field, const std::string& word) {
  const auto port = port_of(word);
  if (!port) return std::string(kPortForm);
  entry.set(field.key, std::int64_t{*port});
  return std::nullopt;
}

Fault set_ports(ConfigEntry& entry, const EntryField& field, const std::vector<std::string>& words) {
  auto ports = ports_of(words);
  if (!ports) return fmt::format("{}, or `any` alone", kPortForm);
  entry.set(field.key, *std::move(ports));
  return std::nullopt;
}

Fault set_flag(ConfigEntry& entry, const EntryField& field, bool value) {
  entry.erase(field.key);
  if (value) entry.set(field.key, true);
  return std::nullopt;
}

Fault set_program(ConfigEntry& entry, const EntryField& field, const std::vector<std::string>& words) {
  if (words.empty() || words.front().empty()) return "must name a program";
  entry.set(field.key, words);
  return std::nullopt;
}

Fault set_string(const EntryKind& kind, ConfigEntry& entry, const EntryField& field, const std::string& text) {
  if (text.empty()) {
    entry.erase(field.key);
    return std::nullopt;
  }
  if (auto wrong = why_not(kind.list, field.key, text)) return wrong;
  if (field.key == "auth.secret.source" && entry.text(field.key) != text) entry.erase("auth.secret");
  entry.set(field.key, text);
  return std::nullopt;
}

Fault set_words(const EntryKind& kind, ConfigEntry& entry, const EntryField& field,
                const std::vector<std::string>& words) {
  switch (field.form) {
    case FieldForm::text:
      return set_string(kind, entry, field, words.front());
    case FieldForm::flag:
      return set_flag(entry, field, words.front() == "true");
    case FieldForm::port:
      return set_port(entry, field, words.front());
    case FieldForm::ports:
      return set_ports(entry, field, words);
    case FieldForm::words:
      break;
  }
  return set_program(entry, field, words);
}

Fault unset_fields(const EntryKind& kind, const std::vector<std::string>& names, ConfigEntry& entry) {
  for (const std::string& name : names) {
    const auto field = std::ranges::find(kind.fields, "--" + name, &EntryField::flag);
    if (field == kind.fields.end()) return fmt::format("--unset: there is no option --{}", name);
    entry.erase(field->key);
  }
  return std::nullopt;
}

CLI::Validator choices_of(const EntryField& field) {
  std::vector<std::string> names;
  for (const FieldChoice& choice : field.choices)
    names.emplace_back(choice.name);
  return one_of(names);
}

void add_flag(CLI::App& app, const EntryField& field, EntryFlags& flags) {
  const std::string flag(field.flag), help(field.help), key(field.key);
  if (field.form == FieldForm::flag) {
    app.add_flag_function(
           flag, [&flags, key](std::int64_t count) { flags.values[key] = {count > 0 ? "true" : "false"}; }, help)
        ->type_name("");
    return;
  }
  auto* option = app.add_option_function<std::vector<std::string>>(
      flag, [&flags, key](const std::vector<std::string>& words) { flags.values[key] = words; }, help);
  option->type_name(std::string(field.type))->expected(1);
  option->allow_extra_args(false);  // else `[fd00::5]` is a list of values to CLI11, and not an address
  if (field.form == FieldForm::ports || field.form == FieldForm::words) option->take_all();
  if (!field.choices.empty()) option->check(choices_of(field));
}

}  // namespace

const EntryField& field_of(const EntryKind& kind, std::string_view key) {
  return *std::ranges::find(kind.fields, key, &EntryField::key);
}

bool belongs(const EntryKind& kind, const EntryField& field, const ConfigEntry& entry) {
  return field.selector.empty() || is_among(field.goes_with, selection(kind, field, entry));
}

bool is_needed(const EntryField& field, const ConfigEntry& entry) {
  if (field.key == "auth.scheme")
    return entry.text(field.selector) == "header" &&
           CLI::detail::to_lower(entry.text("auth.header_name")) == "authorization";
  if (!field.selector.empty()) return is_among(field.needed_with, entry.text(field.selector));
  return field.need == Need::required;
}

void add_entry_name(CLI::App& app, const EntryKind& kind, std::string& name) {
  app.add_option(std::string(kind.argument), name, fmt::format("The name of the {}", kind.noun))
      ->required()
      ->type_name("");
}

void add_entry_flags(CLI::App& app, const EntryKind& kind, EntryFlags& flags) {
  for (const EntryField& field : kind.fields)
    if (!field.flag.empty()) add_flag(app, field, flags);
}

std::optional<std::string> apply_flags(const EntryKind& kind, const EntryFlags& flags, ConfigEntry& entry) {
  if (auto wrong = unset_fields(kind, flags.unset, entry)) return wrong;
  for (const EntryField& field : kind.fields) {
    const auto given = flags.values.find(field.key);
    if (given == flags.values.end()) continue;
    if (const auto wrong = set_words(kind, entry, field, given->second))
      return fmt::format("{} {}", field.flag, *wrong);
    if (!belongs(kind, field, entry) && !entry.text(field.selector).empty())
      return fmt::format("{} does not go with {} {}", field.flag, field_of(kind, field.selector).flag,
                         entry.text(field.selector));
    if (selects(kind, field)) drop_foreign(kind, field, entry);
  }
  return std::nullopt;
}

std::vector<std::string_view> missing_flags(const EntryKind& kind, const ConfigEntry& entry) {
  std::vector<std::string_view> out;
  for (const EntryField& field : kind.fields) {
    const bool is_filled_in = field.key == "name" || field.form == FieldForm::port;
    if (!is_filled_in && is_needed(field, entry) && entry.find(field.key) == nullptr) out.push_back(field.flag);
  }
  return out;
}

std::string text_of(const ConfigEntry& entry, const EntryField& field) {
  const ConfigValue* value = entry.find(field.key);
  if (value == nullptr) return {};
  std::string out;
  for (const std::string& word : std::visit(Words{}, *value))
    out += (out.empty() ? "" : " ") + (field.form == FieldForm::words ? shell_quoted(word) : word);
  return out;
}

std::optional<std::string> objection_to(const EntryKind& kind, const EntryField& field, std::string_view text) {
  ConfigEntry ignored;
  if (field.form != FieldForm::words) return set_words(kind, ignored, field, {std::string(text)});
  const auto words = split_words(text);
  if (!words) return "a quote is not closed";
  return set_words(kind, ignored, field, *words);
}

void set_text(const EntryKind& kind, ConfigEntry& entry, const EntryField& field, std::string_view text) {
  const auto words = field.form == FieldForm::words ? split_words(text) : std::vector{std::string(text)};
  if (words) (void)set_words(kind, entry, field, *words);
  if (selects(kind, field)) drop_foreign(kind, field, entry);
}

ConfigEntry in_order(const EntryKind& kind, const ConfigEntry& entry) {
  ConfigEntry out;
  for (const EntryField& field : kind.fields)
    if (const ConfigValue* value = entry.find(field.key)) out.set(field.key, *value);
  for (const ConfigEntry::Item& item : entry.items())
    if (out.find(item.key) == nullptr) out.set(item.key, item.value);
  return out;
}

std::optional<std::uint16_t> own_port(const EntryKind& kind, const ConfigEntry& entry) {
  const auto field = std::ranges::find(kind.fields, FieldForm::port, &EntryField::form);
  return field == kind.fields.end() ? std::nullopt : port_of(text_of(entry, *field));
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

}  // namespace cordon::cli
