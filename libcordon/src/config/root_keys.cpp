#include "config/keys.hpp"
#include "config/schema.hpp"

namespace cordon::config {
namespace {

using enum Presence;

constexpr std::array<Key<TlsConfig>, 4> kTlsKeys = {{
    {"enabled", optional, field<&TlsConfig::enabled>},
    {"ca_cert_path", optional, field<&TlsConfig::ca_cert_path>},
    {"ca_key_path", optional, field<&TlsConfig::ca_key_path>},
    {"upstream_ca_path", optional, field<&TlsConfig::upstream_ca_path>},
}};

constexpr std::array<Key<SecretProvider>, 3> kProviderKeys = {{
    {"type", required, field<&SecretProvider::type>},
    {"path", optional, field<&SecretProvider::path>},
    {"timeout", optional, field<&SecretProvider::timeout>},
}};

void read_providers(const Value& value, SecretsConfig& out) {
  read_tables<SecretProvider>(value, kProviderKeys, out.providers);
}

constexpr std::array<Key<SecretsConfig>, 3> kSecretsKeys = {{
    {"cache_ttl", optional, field<&SecretsConfig::cache_ttl>},
    {"require_approval", optional, field<&SecretsConfig::require_approval>},
    {"providers", optional, read_providers},
}};

constexpr std::array<Key<Config>, 1> kEnvKeys = {{{"no_proxy", optional, field<&Config::no_proxy>}}};

void read_tls(const Value& value, Config& out) {
  read_table<TlsConfig>(value, kTlsKeys, out.tls);
}

void read_secrets(const Value& value, Config& out) {
  read_table<SecretsConfig>(value, kSecretsKeys, out.secrets);
}

constexpr std::array<Key<Config>, 8> kRootKeys = {{
    {"listen", required, field<&Config::listen>},
    {"allow_uids", optional, field<&Config::allow_uids>},
    {"tls", optional, read_tls},
    {"routes", optional, read_routes},
    {"listeners", optional, read_listeners},
    {"services", older, read_services},  // after the listeners, behind which they go
    {"secrets", optional, read_secrets},
    {"env", optional, inner_table<kEnvKeys, Config>},
}};

}  // namespace

void read_root(const Value& root, Config& out) {
  read_table<Config>(root, kRootKeys, out);
}

}  // namespace cordon::config
