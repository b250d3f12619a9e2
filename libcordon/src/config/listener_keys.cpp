#include "config/host_name.hpp"
#include "config/keys.hpp"
#include "config/schema.hpp"
#include "config/value_rules.hpp"

namespace cordon::config {
namespace {

using enum Presence;

constexpr std::uint16_t kPostgresPort = 5432;

void read_upstream(const Value& value, Listener& out) {
  std::string text;
  convert(value, text);
  if (text.empty()) return;
  if (auto verdict = judge_upstream(text)) return value.fault(*std::move(verdict));
  auto parsed = parse_authority(text, kPostgresPort);
  out.upstream_host = std::move(parsed->host);
  out.upstream_port = parsed->port;
}

void read_auth_secret(const Value& value, Listener& out) {
  read_secret(value, out.secret);
}

constexpr std::array<Key<Listener>, 2> kPasswordKeys = {{
    {"username", required, field<&Listener::username>},
    {"secret", required, read_auth_secret},
}};
constexpr std::array<Variant<Listener>, 1> kAuthTypes = {{{"password", [](Listener&) {}, kPasswordKeys, ""}}};

void read_auth(const Value& value, Listener& out) {
  read_variant<Listener>(value, "type", kAuthTypes, out);
}

void read_protocol(const Value& value, Listener& /*out*/) {
  std::string text;
  convert(value, text);
  if (!text.empty() && text != "postgres" && text != "postgresql") value.fault("must be `postgres`");
}

constexpr std::array<Key<Listener>, 9> kCommonKeys = {{
    {"name", required, field<&Listener::name>},
    {"upstream", required, read_upstream},
    {"auth", required, read_auth},
    {"client_tls", optional, field<&Listener::client_tls>},
    {"upstream_tls", optional, field<&Listener::upstream_tls>},
    {"upstream_ca_path", optional, field<&Listener::upstream_ca_path>},
    {"require_token", optional, field<&Listener::require_token>},
    {"allow_weak_auth", optional, field<&Listener::allow_weak_auth>},
    {"allow_replication", optional, field<&Listener::allow_replication>},
}};

template <std::size_t kSize>
constexpr auto with_common(const std::array<Key<Listener>, kSize>& own) {
  std::array<Key<Listener>, kSize + kCommonKeys.size()> keys{};
  std::ranges::copy(kCommonKeys, std::ranges::copy(own, keys.begin()).out);
  return keys;
}

constexpr auto kListenerKeys = with_common(std::array<Key<Listener>, 1>{{{"port", required, field<&Listener::port>}}});
constexpr auto kServiceKeys = with_common(std::array<Key<Listener>, 2>{
    {{"listen", required, field<&Listener::port>}, {"protocol", optional, read_protocol}}});

}  // namespace

void read_listeners(const Value& value, Config& out) {
  read_tables<Listener>(value, kListenerKeys, out.listeners);
}

void read_services(const Value& value, Config& out) {
  value.reading.set_first_service(out.listeners.size());
  value.warn("is an older spelling: write [[listeners]], with `port` for `listen` and without `protocol`");
  read_tables<Listener>(value, kServiceKeys, out.listeners);
}

}  // namespace cordon::config
