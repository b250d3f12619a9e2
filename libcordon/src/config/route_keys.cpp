#include "config/host_name.hpp"
#include "config/keys.hpp"
#include "config/schema.hpp"
#include "config/value_rules.hpp"

namespace cordon::config {
namespace {

using enum Presence;

void read_host(const Value& value, Route& out) {
  convert(value, out.host);
  // A host that has no canonical form stays as it is, for the rules to judge.
  if (auto canonical = canonical_host(out.host)) out.host = *std::move(canonical);
}

constexpr std::array<Key<Route>, 2> kMatchKeys = {{
    {"host", required, read_host},
    {"port", optional, field<&Route::ports>},
}};

void read_auth_secret(const Value& value, Route& out) {
  read_secret(value, out.secret);
}

/// Reads into a member of the auth type that the variant began.
template <auto kMember>
void auth_field(const Value& value, Route& out) {
  if (auto* auth = std::get_if<ClassOf<kMember>>(&out.auth)) field<kMember>(value, *auth);
}

template <class Auth>
void begin_auth(Route& out) {
  out.auth = Auth();
}

void begin_bearer(Route& out) {
  out.auth = HeaderAuth{.header_name = "Authorization", .scheme = "Bearer"};
}

constexpr std::array<Key<Route>, 3> kHeaderKeys = {{
    {"header_name", required, auth_field<&HeaderAuth::header_name>},
    {"scheme", optional, auth_field<&HeaderAuth::scheme>},
    {"secret", required, read_auth_secret},
}};
constexpr std::array<Key<Route>, 2> kBasicKeys = {{
    {"username", required, auth_field<&BasicAuth::username>},
    {"secret", required, read_auth_secret},
}};
constexpr std::array<Key<Route>, 1> kBearerKeys = {{{"secret", required, read_auth_secret}}};

constexpr std::array<Variant<Route>, 4> kAuthTypes = {{
    {"header", begin_auth<HeaderAuth>, kHeaderKeys, ""},
    {"basic", begin_auth<BasicAuth>, kBasicKeys, ""},
    {"bearer", begin_bearer, kBearerKeys,
     R"(type = "header" with header_name = "Authorization" and scheme = "Bearer")"},
    {"api_key", begin_auth<HeaderAuth>, kHeaderKeys, R"(type = "header" with the same header_name)"},
}};

void read_auth(const Value& value, Route& out) {
  read_variant<Route>(value, "type", kAuthTypes, out);
}

constexpr std::array<Key<Route>, 5> kRouteKeys = {{
    {"name", required, field<&Route::name>},
    {"match", required, inner_table<kMatchKeys, Route>},
    {"auth", required, read_auth},
    {"allow_plaintext", optional, field<&Route::allow_plaintext>},
    {"upstream_ca_path", optional, field<&Route::upstream_ca_path>},
}};

void set_default_ports(Route& route) {
  if (route.ports.any || !route.ports.list.empty()) return;
  route.ports.list = {443};
  if (route.allow_plaintext) route.ports.list.push_back(80);
}

}  // namespace

void read_routes(const Value& value, Config& out) {
  read_tables<Route>(value, kRouteKeys, out.routes, set_default_ports);
}

}  // namespace cordon::config
