// What a listener consists of, as flags and as questions, and how it is shown.
#include <fmt/format.h>

#include "entry_kind.hpp"
#include "free_port.hpp"
#include "listener_text.hpp"
#include "provider_defaults.hpp"
#include "secret_fields.hpp"

namespace cordon::cli {
namespace {

/// Where local ports of servers are looked for: far from 5432, on which a server of this machine may listen.
constexpr PortRange kUsualPorts{15432, 15631};

constexpr std::string_view kUpstream = "upstream";
constexpr std::string_view kUpstreamTls = "upstream_tls";

constexpr auto kClientTls = std::to_array<FieldChoice>({
    {"accept", "each client as it likes"},
    {"require", "with TLS only"},
    {"disable", "without TLS only; the connection never leaves this machine"},
});
constexpr auto kServerTls = std::to_array<FieldChoice>({
    {"verify-full", "with TLS, the server's certificate and name verified"},
    {"disable", "without TLS; for localhost and loopback or private addresses only"},
});

constexpr auto kFields = with_secret(std::to_array<EntryField>({
    {.flag = "--name",
     .key = "name",
     .type = "NAME",
     .help = "What the listener is called (default: from the server's host)",
     .question = "Name of the listener",
     .need = Need::required},
    {.flag = "--port",
     .key = "port",
     .type = "PORT",
     .help = "The port for clients, on 127.0.0.1 (default: a free one from 15432 on)",
     .question = "Port for clients, on 127.0.0.1",
     .form = FieldForm::port,
     .need = Need::required},
    {.flag = "--upstream",
     .key = kUpstream,
     .type = "HOST:PORT",
     .help = "The PostgreSQL server; the port is 5432 when left out",
     .question = "Server, as db.example.com:5432",
     .need = Need::required},
    {.flag = "--client-tls",
     .key = "client_tls",
     .type = "MODE",
     .help = "TLS with clients: accept (default), require or disable",
     .question = "TLS with clients?",
     .choices = kClientTls,
     .otherwise = "accept"},
    {.flag = "--upstream-tls",
     .key = kUpstreamTls,
     .type = "MODE",
     .help = "TLS with the server: verify-full (default) or disable",
     .question = "TLS with the server?",
     .choices = kServerTls,
     .otherwise = "verify-full"},
    {.flag = "--upstream-ca-path",
     .key = "upstream_ca_path",
     .type = "PATH",
     .help = "Roots trusted for the server in addition to the system's",
     .question = "Roots for the server besides the system's, a PEM file",
     .selector = kUpstreamTls,
     .goes_with = "verify-full"},
    {.flag = "--require-token",
     .key = "require_token",
     .type = "",
     .help = "Clients give a token of Cordon's as their password",
     .question = "Must clients give a token of Cordon's as their password?",
     .form = FieldForm::flag},
    {.flag = "--allow-weak-auth",
     .key = "allow_weak_auth",
     .type = "",
     .help = "The server may ask for MD5, clear text or nothing",
     .question = "May the server use weak authentication (MD5, clear text, none)?",
     .form = FieldForm::flag},
    {.flag = "--allow-replication",
     .key = "allow_replication",
     .type = "",
     .help = "Clients may open replication connections",
     .question = "May clients open replication connections?",
     .form = FieldForm::flag},
    {.flag = "", .key = "auth.type", .type = "", .help = ""},
    {.flag = "--username",
     .key = "auth.username",
     .type = "NAME",
     .help = "The role to log in as",
     .question = "Role to log in as",
     .need = Need::required},
}));

constexpr auto kAsked =
    std::to_array<std::string_view>({"name", "port", "auth.username", kUpstreamTls, "upstream_ca_path", "client_tls",
                                     "require_token", "allow_weak_auth", "allow_replication", kSourceKey});

constexpr auto kColumns = std::to_array<std::string_view>({"name", "port", "upstream", "user", "secret"});

/// The host of `host`, `host:port`, `[address]` or `[address]:port`.
std::string_view host_of(std::string_view upstream) {
  if (upstream.starts_with('[')) return upstream.substr(1, upstream.find(']') - 1);
  return upstream.substr(0, upstream.find(':'));
}

void fill_defaults(ConfigEntry& entry, const Taken& taken) {
  set_if_absent(entry, "auth.type", "password");
  const std::string upstream = entry.text(kUpstream);
  if (upstream.empty()) return;
  set_if_absent(entry, "name", free_name(route_name_for(host_of(upstream)), taken));
  if (entry.find("port") != nullptr) return;
  if (const auto port = find_free_port(kUsualPorts, taken.ports)) entry.set("port", std::int64_t{*port});
}

std::string remark(const ConfigEntry& /*entry*/) {
  return {};
}

ShownEntry shown_listener(const Listener& listener) {
  const std::string port = std::to_string(listener.port);
  ShownEntry out{.name = listener.name,
                 .destination = upstream_text(listener),
                 .cells = {listener.name, port, upstream_text(listener), listener.username, describe(listener.secret)},
                 .rows = {{"port", port},
                          {"upstream", upstream_text(listener)},
                          {"user", listener.username},
                          {"secret", describe(listener.secret)},
                          {"tls", fmt::format("clients {}, server {}", word_of(listener.client_tls),
                                              word_of(listener.upstream_tls))}},
                 .json = with_place(json_of(listener), listener.secret, listener.upstream_ca_path),
                 .secret = listener.secret};
  if (listener.upstream_ca_path) out.rows.emplace_back("roots", listener.upstream_ca_path->string());
  if (listener.require_token) out.rows.emplace_back("token", "needed, as the client's password");
  if (const std::string allowed = allowances_text(listener); !allowed.empty()) out.rows.emplace_back("allows", allowed);
  return out;
}

std::vector<ShownEntry> shown(const Config& config) {
  return shown_all(config.listeners, shown_listener);
}

}  // namespace

const EntryKind kListenerKind = {
    .list = ConfigList::listeners,
    .noun = "listener",
    .nouns = "listeners",
    .argument = "LISTENER",
    .destination = kUpstream,
    .hint = "--upstream or --source",
    .fields = kFields,
    .asked = kAsked,
    .columns = kColumns,
    .fill_defaults = fill_defaults,
    .remark = remark,
    .shown = shown,
};

}  // namespace cordon::cli
