#include "proxy/settings.hpp"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "proxy/origin_roots.hpp"

namespace cordon::proxy {
namespace {

using Errors = std::vector<Error>;

/// The config's own rules.
Errors check_config(const Config& config) {
  Errors errors;
  for (const ConfigFault& fault : config.validate())
    errors.push_back({Errc::config_invalid, fault.to_string()});
  return errors;
}

std::unique_ptr<secrets::Cache> make_cache(const Config& config, SecretStore store, const SettingsContext& context) {
  secrets::CacheOptions options;
  options.ttl = config.secrets.cache_ttl;
  options.run = [threads = context.fetches](std::function<void()> job) { return threads->post(std::move(job)); };
  options.metrics = context.metrics.fetches;
  return std::make_unique<secrets::Cache>(std::make_shared<const SecretStore>(std::move(store)), std::move(options));
}

/// The secret of each of `users` (routes or listeners) once, all failures together. One that is not approved is left alone:
/// its command is not to be run.
template <class User>
Errors fetch_secrets(Settings& settings, std::string_view kind, const std::vector<User>& users) {
  std::vector<std::shared_ptr<secrets::CacheEntry>> wanted;
  std::vector<const User*> approved;
  for (const User& user : users) {
    if (!user.approved) continue;
    wanted.push_back(settings.of(user).secret);
    approved.push_back(&user);
  }
  const auto results = settings.secrets->prefetch(wanted);
  Errors errors;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i]) continue;
    const Error& error = results[i].error();
    errors.push_back({error.code, fmt::format("{} \"{}\": {}: {}", kind, approved[i]->name,
                                              describe(approved[i]->secret), error.message())});
  }
  return errors;
}

/// The CA, and the bundle that clients use.
Result<> open_ca(const std::optional<CaPaths>& paths, const SettingsContext& context, Settings& settings) {
  if (!paths) return {};
  auto ca = CaManager::open(*paths, {.label = context.options.instance});
  if (!ca) return std::unexpected(std::move(ca).error());
  if (auto refreshed = ca->refresh_bundle(); !refreshed) {
    // Clients may need it; the proxy does not.
    context.sink.on_notice(LogLevel::warn, "the combined bundle could not be written: " + refreshed.error().message());
  }
  settings.ca.emplace(std::move(*ca));
  return {};
}

/// TLS settings for those of `users` (routes or listeners) that have roots of their own.
template <class User, class Parts>
Result<> trust_own_roots(const OriginRoots& roots, std::string_view own_ca, const std::vector<User>& users,
                         std::vector<Parts>& parts) {
  for (std::size_t i = 0; i < users.size(); ++i) {
    if (!users[i].upstream_ca_path) continue;
    auto own = make_origin_tls(roots.of(users[i].upstream_ca_path), own_ca);
    if (!own) return fail(own.error().code, fmt::format("\"{}\": {}", users[i].name, own.error().message()));
    parts[i].own_tls = std::move(*own);
  }
  return {};
}

/// After step 4, which tells what our own CA is.
Result<> trust_roots(const OriginRoots& roots, Settings& settings) {
  if (roots.common.empty()) return {};
  const std::string own_ca = settings.ca ? settings.ca->certificate_pem() : std::string();
  auto common = make_origin_tls(roots.common, own_ca);
  if (!common) return std::unexpected(std::move(common).error());
  settings.origin_tls = std::move(*common);
  auto trusted = trust_own_roots(roots, own_ca, settings.routes.routes(), settings.parts);
  if (trusted) trusted = trust_own_roots(roots, own_ca, settings.listeners, settings.listener_parts);
  return trusted;
}

/// What belongs to routes and listeners, but for TLS.
void add_parts(Settings& settings, Metrics& metrics) {
  for (const Route& route : settings.routes.routes()) {
    settings.parts.push_back({.secret = settings.secrets->entry(route.secret),
                              .own_tls = nullptr,
                              .counters = &metrics.of_route(route.name)});
  }
  for (const Listener& listener : settings.listeners) {
    settings.listener_parts.push_back({.secret = settings.secrets->entry(listener.secret),
                                       .own_tls = nullptr,
                                       .counters = &metrics.of_listener(listener.name)});
  }
}

/// Steps 2 and 3 of the start-up sequence.
Errors fetch_all_secrets(Settings& settings) {
  auto errors = fetch_secrets(settings, "route", settings.routes.routes());
  if (errors.empty()) errors = fetch_secrets(settings, "listener", settings.listeners);
  return errors;
}

}  // namespace

const Listener* Settings::find_listener(std::string_view name) const noexcept {
  const auto found = std::ranges::find(listeners, name, &Listener::name);
  return found == listeners.end() ? nullptr : &*found;
}

bool Settings::admits(std::uint32_t uid) const noexcept {
  return uid == ::geteuid() || std::ranges::find(allow_uids, uid) != allow_uids.end();
}

std::expected<std::shared_ptr<const Settings>, Errors> build_settings(Config config, SecretStore secrets,
                                                                      std::optional<CaPaths> ca,
                                                                      const SettingsContext& context) {
  const auto failed = [](Error error) { return std::unexpected(Errors{std::move(error)}); };
  if (auto errors = check_config(config); !errors.empty()) return std::unexpected(std::move(errors));

  auto settings = std::make_shared<Settings>(config.routes, config.listeners);
  settings->secrets = make_cache(config, std::move(secrets), context);
  add_parts(*settings, context.metrics);
  if (auto errors = fetch_all_secrets(*settings); !errors.empty()) return std::unexpected(std::move(errors));
  settings->allow_uids = config.allow_uids;
  settings->listen = config.listen;
  const auto roots = read_origin_roots(config, context.options.extra_roots_pem);
  if (!roots) return std::unexpected(roots.error());
  if (!config.tls.enabled) ca.reset();
  if (auto opened = open_ca(ca, context, *settings); !opened) return failed(opened.error());
  if (auto trusted = trust_roots(*roots, *settings); !trusted) return failed(trusted.error());
  return settings;
}

}  // namespace cordon::proxy
