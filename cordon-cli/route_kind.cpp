// What a route consists of, as flags and as questions, and how it is shown.
#include <fmt/format.h>

#include "entry_kind.hpp"
#include "provider_defaults.hpp"
#include "route_text.hpp"
#include "secret_fields.hpp"

namespace cordon::cli {
namespace {

constexpr std::string_view kType = "auth.type";

constexpr auto kTypes = std::to_array<FieldChoice>({
    {"header", "the secret in a header, as `Authorization: Bearer ...`"},
    {"basic", "user name and password, the secret being the password"},
});

constexpr auto kFields = with_secret(std::to_array<EntryField>({
    {.flag = "--name",
     .key = "name",
     .type = "NAME",
     .help = "What the route is called (default: from the host)",
     .question = "Name of the route",
     .need = Need::required},
    {.flag = "--upstream-ca-path",
     .key = "upstream_ca_path",
     .type = "PATH",
     .help = "Roots trusted for its host in addition to the system's"},
    {.flag = "--allow-plaintext",
     .key = "allow_plaintext",
     .type = "",
     .help = "Also without TLS, to a loopback or private address",
     .form = FieldForm::flag},
    {.flag = "--host",
     .key = "match.host",
     .type = "HOST",
     .help = "The host that gets the credential, as api.stripe.com",
     .question = "Host",
     .need = Need::required},
    {.flag = "--port",
     .key = "match.port",
     .type = "PORT",
     .help = "A port that it covers, or `any`; may be repeated (default: 443)",
     .form = FieldForm::ports},
    {.flag = "--auth-type",
     .key = kType,
     .type = "TYPE",
     .help = "header or basic",
     .question = "How does the host want the credential?",
     .need = Need::required,
     .choices = kTypes},
    {.flag = "--header-name",
     .key = "auth.header_name",
     .type = "NAME",
     .help = "The header that carries the secret",
     .question = "Name of the header",
     .usual = "Authorization",
     .selector = kType,
     .goes_with = "header",
     .needed_with = "header"},
    {.flag = "--scheme",
     .key = "auth.scheme",
     .type = "SCHEME",
     .help = "The word before the secret; Authorization needs one, as Bearer",
     .question = "Scheme, the word before the secret",
     .usual = "Bearer",
     .selector = kType,
     .goes_with = "header"},
    {.flag = "--username",
     .key = "auth.username",
     .type = "NAME",
     .help = "The user name of basic authentication",
     .question = "User name",
     .selector = kType,
     .goes_with = "basic",
     .needed_with = "basic"},
}));

constexpr auto kAsked =
    std::to_array<std::string_view>({"name", kType, "auth.header_name", "auth.scheme", "auth.username", kSourceKey});

constexpr auto kColumns = std::to_array<std::string_view>({"name", "host", "port", "header", "secret"});

/// What a provider wants, where the entry does not say something else.
void fill_auth(ConfigEntry& entry, const Provider& provider) {
  const bool basic = provider.header_name.empty();
  set_if_absent(entry, kType, basic ? "basic" : "header");
  if (entry.text(kType) != (basic ? "basic" : "header")) return;
  if (basic) return set_if_absent(entry, "auth.username", provider.username);
  set_if_absent(entry, "auth.header_name", provider.header_name);
  if (entry.text("auth.header_name") == provider.header_name) set_if_absent(entry, "auth.scheme", provider.scheme);
}

void fill_defaults(ConfigEntry& entry, const Taken& taken) {
  const std::string host = entry.text("match.host");
  if (host.empty()) return;
  set_if_absent(entry, "name", free_name(route_name_for(host), taken));
  if (const Provider* provider = find_provider(host)) fill_auth(entry, *provider);
}

std::string remark(const ConfigEntry& entry) {
  const Provider* provider = find_provider(entry.text("match.host"));
  if (provider == nullptr || entry.find(kType) != nullptr) return {};
  return provider->header_name.empty()
             ? fmt::format("{} takes basic authentication.", provider->host)
             : fmt::format("{} takes the header {}{}{}.", provider->host, provider->header_name,
                           provider->scheme.empty() ? "" : " with the scheme ", provider->scheme);
}

std::string ports_list(const Route& route, std::string_view separator) {
  return route.ports.any ? "any" : fmt::format("{}", fmt::join(route.ports.list, separator));
}

ShownEntry shown_route(const Route& route) {
  const auto* header = std::get_if<HeaderAuth>(&route.auth);
  ShownEntry out{.name = route.name,
                 .destination = route.host,
                 .cells = {route.name, route.host, ports_list(route, ","),
                           header != nullptr ? header->header_name : "Authorization", describe(route.secret)},
                 .rows = {{"host", route.host},
                          {"port", ports_list(route, ", ")},
                          {"header", header_text(route)},
                          {"secret", describe(route.secret)}},
                 .json = with_place(json_of(route), route.secret, route.upstream_ca_path),
                 .secret = route.secret};
  if (route.allow_plaintext) out.rows.emplace_back("plaintext", "allowed, to a loopback or private address");
  if (route.upstream_ca_path) out.rows.emplace_back("roots", route.upstream_ca_path->string());
  return out;
}

std::vector<ShownEntry> shown(const Config& config) {
  return shown_all(config.routes, shown_route);
}

}  // namespace

const EntryKind kRouteKind = {
    .list = ConfigList::routes,
    .noun = "route",
    .nouns = "routes",
    .argument = "ROUTE",
    .destination = "match.host",
    .hint = "--header-name or --source",
    .fields = kFields,
    .asked = kAsked,
    .columns = kColumns,
    .fill_defaults = fill_defaults,
    .remark = remark,
    .shown = shown,
};

}  // namespace cordon::cli
