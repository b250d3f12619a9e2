#include "route_fields.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>

#include "choices.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

constexpr std::string_view kPort = "match.port";
constexpr std::string_view kPlaintext = "allow_plaintext";
constexpr std::string_view kArgv = "auth.secret.argv";
constexpr std::string_view kType = "auth.type";
constexpr std::string_view kSource = "auth.secret.source";

constexpr auto kFields = std::to_array<RouteField>({
    {"--name", "name", "NAME", "What the route is called (default: from the host)", "Name of the route"},
    {"--upstream-ca-path", "upstream_ca_path", "PATH", "Roots trusted for its host in addition to the system's", ""},
    {"--allow-plaintext", kPlaintext, "", "Also without TLS, to a loopback or private address", ""},
    {"--host", "match.host", "HOST", "The host that gets the credential, as api.stripe.com", "Host"},
    {"--port", kPort, "PORT", "A port that it covers, or `any`; may be repeated (default: 443)", ""},
    {"--auth-type", kType, "TYPE", "header or basic", ""},
    {"--header-name", "auth.header_name", "NAME", "The header that carries the secret", "Name of the header", kType,
     "header", "header"},
    {"--scheme", "auth.scheme", "SCHEME", "The word before the secret; Authorization needs one, as Bearer",
     "Scheme, the word before the secret", kType, "header"},
    {"--username", "auth.username", "NAME", "The user name of basic authentication", "User name", kType, "basic",
     "basic"},
    {"--source", kSource, "SOURCE", "1password, keyring, env, file or command", ""},
    {"--vault", "auth.secret.vault", "NAME", "Of 1password: the vault", "Vault", kSource, "1password", "1password"},
    {"--item", "auth.secret.item", "NAME", "Of 1password: the item", "Item", kSource, "1password", "1password"},
    {"--field", "auth.secret.field", "NAME", "Of 1password: the field", "Field", kSource, "1password", "1password"},
    {"--account", "auth.secret.account", "NAME", "Of keyring: the entry's name; of 1password: which account", "Account",
     kSource, "keyring 1password", "keyring"},
    {"--service", "auth.secret.service", "NAME", "Of keyring: the service (default: cordon)",
     "Service, if another program's", kSource, "keyring"},
    {"--decode", "auth.secret.decode", "FORM", "Of keyring: go-keyring, for entries of programs that use it", "",
     kSource, "keyring"},
    {"--variable", "auth.secret.variable", "NAME", "Of env: the variable", "Variable", kSource, "env", "env"},
    {"--path", "auth.secret.path", "PATH", "Of file: the file that holds the secret", "Path of the file", kSource,
     "file", "file"},
    {"--argv", kArgv, "WORD", "Of command: the program and each argument, one --argv each", "Command, as in a shell",
     kSource, "command", "command"},
    {"--timeout", "auth.secret.timeout", "TIME", "Of command: how long it may take, as 15s", "", kSource, "command"},
});

bool is_among(std::string_view words, std::string_view word) {
  for (std::size_t begin = 0; begin < words.size() && !word.empty();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    if (words.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
}

std::optional<std::int64_t> port_of(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port < 1 || port > 65535) return std::nullopt;
  return port;
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

/// @returns what is wrong with the words
std::optional<std::string> set_words(ConfigEntry& entry, const RouteField& field,
                                     const std::vector<std::string>& words) {
  if (field.key == kPort) {
    auto ports = ports_of(words);
    if (!ports) return "must be a port from 1 to 65535, or `any` alone";
    entry.set(field.key, *std::move(ports));
  } else if (field.key == kPlaintext) {
    entry.erase(field.key);
    if (words.front() == "true") entry.set(field.key, true);
  } else if (field.key == kArgv) {
    if (words.empty() || words.front().empty()) return "must name a program";
    entry.set(field.key, words);
  } else if (words.front().empty()) {
    entry.erase(field.key);
  } else {
    if (auto wrong = why_not(ConfigList::routes, field.key, words.front())) return wrong;
    if (field.key == kSource && entry.text(kSource) != words.front()) entry.erase("auth.secret");
    entry.set(field.key, words.front());
  }
  return std::nullopt;
}

/// Takes out what went with another source or auth type.
void drop_foreign(ConfigEntry& entry) {
  for (const RouteField& field : kFields)
    if (!belongs(field, entry)) entry.erase(field.key);
}

std::optional<std::string> unset_fields(const std::vector<std::string>& names, ConfigEntry& entry) {
  for (const std::string& name : names) {
    const auto field = std::ranges::find(kFields, "--" + name, &RouteField::flag);
    if (field == kFields.end()) return fmt::format("--unset: there is no option --{}", name);
    entry.erase(field->key);
  }
  return std::nullopt;
}

void add_flag(CLI::App& app, const RouteField& field, RouteFlags& flags) {
  const std::string flag(field.flag), help(field.help), key(field.key);
  if (field.key == kPlaintext) {
    app.add_flag_function(
           flag, [&flags, key](std::int64_t count) { flags.values[key] = {count > 0 ? "true" : "false"}; }, help)
        ->type_name("");
    return;
  }
  auto* option = app.add_option_function<std::vector<std::string>>(
      flag, [&flags, key](const std::vector<std::string>& words) { flags.values[key] = words; }, help);
  option->type_name(std::string(field.type))->expected(1);
  if (field.key == kPort || field.key == kArgv) option->take_all();
  if (field.key == kType) option->check(one_of({"header", "basic"}));
  if (field.key == kSource) option->check(one_of({"1password", "keyring", "env", "file", "command"}));
}

}  // namespace

std::span<const RouteField> route_fields() {
  return kFields;
}

const RouteField& route_field(std::string_view key) {
  return *std::ranges::find(kFields, key, &RouteField::key);
}

bool belongs(const RouteField& field, const ConfigEntry& entry) {
  return field.selector.empty() || is_among(field.goes_with, entry.text(field.selector));
}

bool is_needed(const RouteField& field, const ConfigEntry& entry) {
  if (field.key == "auth.scheme") {
    const std::string header = entry.text("auth.header_name");
    return belongs(field, entry) && CLI::detail::to_lower(header) == "authorization";
  }
  if (!field.selector.empty()) return is_among(field.needed_with, entry.text(field.selector));
  return field.key == "name" || field.key == "match.host" || field.key == kType || field.key == kSource;
}

void add_route_flags(CLI::App& app, RouteFlags& flags) {
  for (const RouteField& field : kFields)
    add_flag(app, field, flags);
}

std::optional<std::string> apply_flags(const RouteFlags& flags, ConfigEntry& entry) {
  if (auto wrong = unset_fields(flags.unset, entry)) return wrong;
  for (const RouteField& field : kFields) {
    const auto given = flags.values.find(field.key);
    if (given == flags.values.end()) continue;
    if (const auto wrong = set_words(entry, field, given->second)) return fmt::format("{} {}", field.flag, *wrong);
    if (!belongs(field, entry) && !entry.text(field.selector).empty())
      return fmt::format("{} does not go with {} {}", field.flag, route_field(field.selector).flag,
                         entry.text(field.selector));
    if (field.key == kType || field.key == kSource) drop_foreign(entry);
  }
  return std::nullopt;
}

std::vector<std::string_view> missing_flags(const ConfigEntry& entry) {
  std::vector<std::string_view> out;
  for (const RouteField& field : kFields)
    if (field.key != "name" && is_needed(field, entry) && entry.find(field.key) == nullptr) out.push_back(field.flag);
  return out;
}

std::string text_of(const ConfigEntry& entry, const RouteField& field) {
  const ConfigValue* value = entry.find(field.key);
  if (value == nullptr) return {};
  std::string out;
  for (const std::string& word : std::visit(Words{}, *value))
    out += (out.empty() ? "" : " ") + (field.key == kArgv ? shell_quoted(word) : word);
  return out;
}

std::optional<std::string> objection_to(const RouteField& field, std::string_view text) {
  if (field.key != kArgv) return why_not(ConfigList::routes, field.key, text);
  const auto words = split_words(text);
  if (!words) return "a quote is not closed";
  ConfigEntry ignored;
  return set_words(ignored, field, *words);
}

void set_text(ConfigEntry& entry, const RouteField& field, std::string_view text) {
  const auto words = field.key == kArgv ? split_words(text) : std::vector{std::string(text)};
  if (words) (void)set_words(entry, field, *words);
  if (field.key == kType || field.key == kSource) drop_foreign(entry);
}

ConfigEntry in_order(const ConfigEntry& entry) {
  ConfigEntry out;
  for (const RouteField& field : kFields)
    if (const ConfigValue* value = entry.find(field.key)) out.set(field.key, *value);
  for (const ConfigEntry::Item& item : entry.items())
    if (out.find(item.key) == nullptr) out.set(item.key, item.value);
  return out;
}

}  // namespace cordon::cli
