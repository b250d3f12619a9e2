#include "config/rules.hpp"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/host_name.hpp"
#include "config/text.hpp"
#include "config/value_rules.hpp"

namespace cordon::config {
namespace {

class Findings {
 public:
  void add(std::string key, std::string message, std::string related = {}) {
    all_.push_back({std::move(key), std::move(message), std::move(related)});
  }
  void add_if(std::string key, Verdict verdict) {
    if (verdict) add(std::move(key), *std::move(verdict));
  }
  std::vector<Finding> take() && { return std::move(all_); }

 private:
  std::vector<Finding> all_;
};

std::string indexed(std::string_view key, std::size_t index) {
  return fmt::format("{}[{}]", key, index);
}

void check_path(Findings& out, std::string key, const std::filesystem::path& path) {
  if (auto verdict = judge_text(path.native())) return out.add(std::move(key), *std::move(verdict));
  if (!path.is_absolute()) out.add(std::move(key), "must be an absolute path");
}

void check_path(Findings& out, std::string key, const std::optional<std::filesystem::path>& path) {
  if (path) check_path(out, std::move(key), *path);
}

void check_timeout(Findings& out, std::string key, std::optional<std::chrono::milliseconds> timeout) {
  if (!timeout) return;
  if (*timeout <= std::chrono::milliseconds(0)) return out.add(std::move(key), "must be more than 0");
  if (*timeout > kMaxDuration) out.add(std::move(key), "must be 24h at most");
}

/// The rules of each kind of secret reference. `key` is the key of its table.
struct SecretRules {
  Findings& out;
  const std::string& key;

  void operator()(const OnePasswordRef& ref) const {
    out.add_if(key + ".vault", judge_helper_argument(ref.vault));
    out.add_if(key + ".item", judge_helper_argument(ref.item));
    out.add_if(key + ".field", judge_helper_argument(ref.field));
    if (!ref.account.empty()) out.add_if(key + ".account", judge_helper_argument(ref.account));
  }
  void operator()(const KeyringRef& ref) const {
    out.add_if(key + ".account", judge_text(ref.account));
    out.add_if(key + ".service", judge_text(ref.service));
    if (!ref.decode.empty() && ref.decode != "go-keyring")
      out.add(key + ".decode", "must be `go-keyring`, or left out");
  }
  void operator()(const EnvRef& ref) const { out.add_if(key + ".variable", judge_variable(ref.variable)); }
  void operator()(const FileRef& ref) const { check_path(out, key + ".path", ref.path); }
  void operator()(const CommandRef& ref) const {
    if (ref.argv.empty()) out.add(key + ".argv", "must name a program: [\"pass\", \"show\", \"x\"]");
    if (!ref.argv.empty()) out.add_if(key + ".argv[0]", judge_helper_argument(ref.argv.front()));
    for (std::size_t i = 1; i < ref.argv.size(); ++i) {
      if (ref.argv[i].contains('\0')) out.add(indexed(key + ".argv", i), "must not hold NUL");
    }
    check_timeout(out, key + ".timeout", ref.timeout);
  }
  void operator()(const PluggedRef& ref) const {
    out.add_if(key + ".source", judge_text(ref.source));
    out.add_if(key + ".key", judge_text(ref.key));
  }
};

void check_secret(Findings& out, const std::string& key, const SecretRef& secret) {
  std::visit(SecretRules{out, key}, secret);
}

void check_ports(Findings& out, const std::string& key, const PortSet& ports) {
  if (ports.any && !ports.list.empty()) return out.add(key, "must be either \"any\" or a list");
  if (!ports.any && ports.list.empty()) return out.add(key, "must name at least one port, or be \"any\"");
  for (std::size_t i = 0; i < ports.list.size(); ++i) {
    if (ports.list[i] == 0) out.add(indexed(key, i), "must be a port from 1 to 65535");
  }
}

void check_host(Findings& out, std::string key, const std::string& host) {
  if (auto verdict = judge_host(host)) return out.add(std::move(key), *std::move(verdict));
  if (const auto canonical = canonical_host(host); *canonical != host) {
    out.add(std::move(key), fmt::format("must be in its canonical form, `{}`", *canonical));
  }
}

struct AuthRules {
  Findings& out;
  const std::string& key;

  void operator()(const HeaderAuth& auth) const {
    out.add_if(key + ".header_name", judge_header_name(auth.header_name));
    if (!auth.scheme.empty()) out.add_if(key + ".scheme", judge_scheme(auth.scheme));
    if (auth.scheme.empty() && equal_ignoring_case(auth.header_name, "Authorization")) {
      out.add(key + ".scheme", "is missing: with header_name `Authorization` it is required, such as \"Bearer\"");
    }
  }
  void operator()(const BasicAuth& auth) const { out.add_if(key + ".username", judge_basic_username(auth.username)); }
};

void check_route(Findings& out, const std::string& key, const Route& route) {
  out.add_if(key + ".name", judge_name(route.name));
  check_host(out, key + ".match.host", route.host);
  check_ports(out, key + ".match.port", route.ports);
  check_path(out, key + ".upstream_ca_path", route.upstream_ca_path);
  const std::string auth = key + ".auth";
  std::visit(AuthRules{out, auth}, route.auth);
  check_secret(out, auth + ".secret", route.secret);
}

void check_listener(Findings& out, const std::string& key, const Listener& listener, bool tls_enabled) {
  out.add_if(key + ".name", judge_name(listener.name));
  check_host(out, key + ".upstream", listener.upstream_host);
  if (listener.upstream_port == 0) out.add(key + ".upstream", "must have a port from 1 to 65535");
  if (listener.client_tls == ClientTls::require && !tls_enabled) {
    out.add(key + ".client_tls", "`require` needs TLS: set `enabled = true` in [tls], or use `accept` or `disable`",
            "tls.enabled");
  }
  if (listener.upstream_tls == UpstreamTls::disable && !is_loopback_or_private(listener.upstream_host)) {
    out.add(
        key + ".upstream_tls",
        "`disable` is only for an upstream that is `localhost` or a loopback or private address; a name can resolve "
        "to anything: give the address, or use `verify-full`",
        key + ".upstream");
  }
  check_path(out, key + ".upstream_ca_path", listener.upstream_ca_path);
  out.add_if(key + ".auth.username", judge_text(listener.username));
  check_secret(out, key + ".auth.secret", listener.secret);
}

void check_names(Findings& out, const Config& config) {
  std::map<std::string_view, std::string> seen;
  const auto check = [&](const std::string& name, const std::string& key) {
    if (name.empty()) return;
    const auto [known, fresh] = seen.try_emplace(name, key);
    if (!fresh)
      out.add(key, fmt::format("`{}` is taken: the names of routes and listeners must differ", printable(name)),
              known->second);
  };
  for (std::size_t i = 0; i < config.routes.size(); ++i)
    check(config.routes[i].name, indexed("routes", i) + ".name");
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    check(config.listeners[i].name, indexed("listeners", i) + ".name");
  }
}

/// Port 0 takes any free port and conflicts with none.
void check_listening_ports(Findings& out, const Config& config) {
  std::map<std::uint16_t, std::string> seen = {{config.listen, "listen"}};
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const std::uint16_t port = config.listeners[i].port;
    const std::string key = indexed("listeners", i) + ".port";
    if (port == 0) continue;
    const auto [known, fresh] = seen.try_emplace(port, key);
    if (!fresh)
      out.add(key,
              fmt::format("{} is taken: the ports of listeners must differ from each other and from `listen`", port),
              known->second);
  }
}

void check_tls(Findings& out, const TlsConfig& tls) {
  check_path(out, "tls.ca_cert_path", tls.ca_cert_path);
  check_path(out, "tls.ca_key_path", tls.ca_key_path);
  check_path(out, "tls.upstream_ca_path", tls.upstream_ca_path);
  if (tls.ca_key_path && tls.ca_cert_path == tls.ca_key_path) {
    out.add("tls.ca_key_path", "must be another file than ca_cert_path", "tls.ca_cert_path");
  }
}

void check_providers(Findings& out, const std::vector<SecretProvider>& providers) {
  std::map<std::string_view, std::string> seen;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const std::string key = indexed("secrets.providers", i);
    if (providers[i].type != "1password") out.add(key + ".type", "must be `1password`");
    const auto [known, fresh] = seen.try_emplace(providers[i].type, key);
    if (!fresh) out.add(key + ".type", "is configured already: one entry for each type", known->second + ".type");
    check_path(out, key + ".path", providers[i].path);
    check_timeout(out, key + ".timeout", providers[i].timeout);
  }
}

void check_secrets(Findings& out, const SecretsConfig& secrets) {
  const auto ttl = secrets.cache_ttl.value_or(std::chrono::milliseconds(0));
  if (ttl < std::chrono::milliseconds(0) || ttl > kMaxDuration) out.add("secrets.cache_ttl", "must be from 0 to 24h");
  check_providers(out, secrets.providers);
}

void check_lists(Findings& out, const Config& config) {
  constexpr std::uint32_t kNoUser = 0xFFFFFFFF;  // the kernel's "no such user"
  for (std::size_t i = 0; i < config.no_proxy.size(); ++i) {
    out.add_if(indexed("env.no_proxy", i), judge_no_proxy(config.no_proxy[i]));
  }
  for (std::size_t i = 0; i < config.allow_uids.size(); ++i) {
    if (config.allow_uids[i] == kNoUser) out.add(indexed("allow_uids", i), "must be a user id from 0 to 4294967294");
  }
}

}  // namespace

std::vector<Finding> find_faults(const Config& config) {
  Findings out;
  check_tls(out, config.tls);
  for (std::size_t i = 0; i < config.routes.size(); ++i)
    check_route(out, indexed("routes", i), config.routes[i]);
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    check_listener(out, indexed("listeners", i), config.listeners[i], config.tls.enabled);
  }
  check_names(out, config);
  check_listening_ports(out, config);
  check_secrets(out, config.secrets);
  check_lists(out, config);
  return std::move(out).take();
}

}  // namespace cordon::config
