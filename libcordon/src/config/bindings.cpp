#include <cordon/bindings.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "config/binding_file.hpp"
#include "config/text.hpp"

namespace cordon {
namespace {

using config::BindingEntry;
using Words = std::vector<std::string>;

/// TOML is UTF-8, a path need not be. No value that is UTF-8 and means a path begins like the other form.
std::string as_utf8(std::string_view text) {
  if (!config::find_invalid_utf8(text)) return std::string(text);
  std::string out = "(hex)";
  for (const char c : text)
    out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

void add_word(Words& words, std::string_view key, std::string_view value) {
  if (!value.empty()) words.push_back(fmt::format("{}={}", key, as_utf8(value)));
}

/// Every key counts, and the helper program: whoever names that gets the secret, too.
struct ToWords {
  const SecretsConfig& settings;

  Words operator()(const OnePasswordRef& ref) const {
    Words words = {"1password"};
    add_word(words, "vault", ref.vault);
    add_word(words, "item", ref.item);
    add_word(words, "field", ref.field);
    add_word(words, "account", ref.account);
    add_word(words, "program", program_of("1password"));
    return words;
  }
  Words operator()(const KeyringRef& ref) const {
    Words words = {"keyring"};
    add_word(words, "account", ref.account);
    add_word(words, "service", ref.service);
    add_word(words, "decode", ref.decode);
    return words;
  }
  Words operator()(const EnvRef& ref) const {
    Words words = {"env"};
    add_word(words, "variable", ref.variable);
    return words;
  }
  Words operator()(const FileRef& ref) const {
    Words words = {"file"};
    add_word(words, "path", ref.path.native());
    return words;
  }
  Words operator()(const CommandRef& ref) const {
    Words words = {"command"};
    for (const std::string& argument : ref.argv)
      words.push_back(as_utf8(argument));
    return words;
  }
  Words operator()(const PluggedRef& ref) const {
    Words words = {"plugged"};
    add_word(words, "source", ref.source);
    add_word(words, "key", ref.key);
    return words;
  }

  std::string program_of(std::string_view type) const {
    const auto found = std::ranges::find(settings.providers, type, &SecretProvider::type);
    return found == settings.providers.end() || !found->path ? std::string() : found->path->native();
  }
};

void add_roots(Words& terms, const std::optional<std::filesystem::path>& path) {
  if (path) add_word(terms, "upstream_ca_path", path->native());
}

/// An origin shows many a field to whoever asks, X-Request-Id or Origin for instance, but never Authorization.
void add_field(Words& terms, const Route& route) {
  const auto* header = std::get_if<HeaderAuth>(&route.auth);
  if (header == nullptr) return;
  const std::string field = config::lower_case(header->header_name);
  if (field != "authorization") add_word(terms, "header_name", field);
}

/// Tokens are limited to routes by their names (`routes` in tokens.toml).
void add_name(Words& terms, std::string_view name) {
  add_word(terms, "name", name);
}

PortSet in_order(PortSet ports) {
  std::ranges::sort(ports.list);
  return ports;
}

RequestedBinding binding_of(const Route& route, const Config& config) {
  Words terms;
  if (route.allow_plaintext) terms.emplace_back("allow_plaintext");
  add_roots(terms, config.tls.upstream_ca_path);
  add_roots(terms, route.upstream_ca_path);
  add_field(terms, route);
  add_name(terms, route.name);
  return {route.name,
          describe(route.secret),
          {std::visit(ToWords{config.secrets}, route.secret), route.host, in_order(route.ports), std::move(terms)},
          {}};
}

RequestedBinding binding_of(const Listener& listener, const Config& config) {
  Words terms;
  if (listener.upstream_tls == UpstreamTls::disable) terms.emplace_back("upstream_tls=disable");
  if (listener.allow_weak_auth) terms.emplace_back("allow_weak_auth");
  add_roots(terms, config.tls.upstream_ca_path);
  add_roots(terms, listener.upstream_ca_path);
  add_name(terms, listener.name);
  return {listener.name,
          describe(listener.secret),
          {std::visit(ToWords{config.secrets}, listener.secret), listener.upstream_host,
           PortSet{false, {listener.upstream_port}}, std::move(terms)},
          {}};
}

bool has_all(const Words& words, const Words& wanted) {
  return std::ranges::all_of(wanted,
                             [&](const std::string& word) { return std::ranges::find(words, word) != words.end(); });
}

/// Whether `entry` speaks for `wanted`, whatever the ports.
bool concerns(const BindingEntry& entry, const Binding& wanted) {
  const Binding& known = entry.binding;
  return entry.approved && known.secret == wanted.secret && known.host == wanted.host &&
         has_all(known.terms, wanted.terms);
}

bool is_approved(const std::vector<BindingEntry>& entries, const Binding& wanted) {
  const auto any_port = [&](const BindingEntry& entry) { return concerns(entry, wanted) && entry.binding.ports.any; };
  if (wanted.ports.any) return std::ranges::any_of(entries, any_port);
  return std::ranges::all_of(wanted.ports.list, [&](std::uint16_t port) {
    return std::ranges::any_of(entries, [&](const BindingEntry& entry) {
      return concerns(entry, wanted) && entry.binding.ports.contains(port);
    });
  });
}

BindingEntry* find_entry(std::vector<BindingEntry>& entries, const Binding& binding) {
  const auto found = std::ranges::find(entries, binding, &BindingEntry::binding);
  return found == entries.end() ? nullptr : &*found;
}

std::string now_text() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now));
}

std::vector<RequestedBinding> find_unapproved(const Config& config, std::vector<BindingEntry> entries) {
  std::vector<RequestedBinding> out;
  for (RequestedBinding& wanted : requested_bindings(config)) {
    if (is_approved(entries, wanted.binding)) continue;
    if (const BindingEntry* seen = find_entry(entries, wanted.binding)) wanted.first_used = seen->first_used;
    out.push_back(std::move(wanted));
  }
  return out;
}

/// What is not approved is told anew as long as it is asked for, and else forgotten: a config that somebody edits again and
/// again does not make the list grow.
void drop_unasked(std::vector<BindingEntry>& entries, const std::vector<RequestedBinding>& asked) {
  std::erase_if(entries, [&](const BindingEntry& entry) {
    return !entry.approved && std::ranges::find(asked, entry.binding, &RequestedBinding::binding) == asked.end();
  });
}

}  // namespace

std::vector<RequestedBinding> requested_bindings(const Config& config) {
  std::vector<RequestedBinding> out;
  for (const Route& route : config.routes)
    out.push_back(binding_of(route, config));
  for (const Listener& listener : config.listeners)
    out.push_back(binding_of(listener, config));
  return out;
}

Result<BindingReview> review_bindings(const Config& config, const std::filesystem::path& file, ApprovalRule rule) {
  auto list = config::read_binding_file(file);
  if (!list) return std::unexpected(std::move(list).error());
  BindingReview review{rule, !list->exists, {}};
  const bool trusted = review.first_start && rule == ApprovalRule::advised;
  if (!trusted) review.unapproved = find_unapproved(config, std::move(list->entries));
  return review;
}

Result<std::vector<RequestedBinding>> unapproved_bindings(const Config& config, const std::filesystem::path& file) {
  auto list = config::read_binding_file(file);
  if (!list) return std::unexpected(std::move(list).error());
  return find_unapproved(config, std::move(list->entries));
}

void withhold_unapproved(Config& config, const BindingReview& review) {
  if (review.rule != ApprovalRule::required) return;
  const auto withheld = [&](const std::string& name) {
    return std::ranges::find(review.unapproved, name, &RequestedBinding::name) != review.unapproved.end();
  };
  for (Route& route : config.routes)
    if (withheld(route.name)) route.approved = false;
  for (Listener& listener : config.listeners)
    if (withheld(listener.name)) listener.approved = false;
}

Result<> record_bindings(const Config& config, const std::filesystem::path& file, ApprovalRule rule) {
  const auto lock = config::lock_bindings(file);
  if (!lock) return std::unexpected(lock.error());
  auto list = config::read_binding_file(file);
  if (!list) return std::unexpected(std::move(list).error());
  const bool trusted = !list->exists && rule == ApprovalRule::advised;
  const auto asked = requested_bindings(config);
  auto entries = list->entries;
  drop_unasked(entries, asked);
  for (const RequestedBinding& wanted : asked) {
    if (is_approved(entries, wanted.binding) || find_entry(entries, wanted.binding) != nullptr) continue;
    entries.push_back({wanted.binding, now_text(), trusted});
  }
  if (list->exists && entries == list->entries) return {};
  return config::write_binding_file(file, entries);
}

Result<> approve_bindings(std::span<const Binding> bindings, const std::filesystem::path& file) {
  const auto lock = config::lock_bindings(file);
  if (!lock) return std::unexpected(lock.error());
  auto list = config::read_binding_file(file);
  if (!list) return std::unexpected(std::move(list).error());
  for (const Binding& binding : bindings) {
    if (BindingEntry* known = find_entry(list->entries, binding)) {
      known->approved = true;
    } else {
      list->entries.push_back({binding, now_text(), true});
    }
  }
  return config::write_binding_file(file, list->entries);
}

}  // namespace cordon
