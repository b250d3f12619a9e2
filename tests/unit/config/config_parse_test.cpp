// What a cordon.toml turns into: every key's value in the structs, and the defaults.
#include <chrono>

#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kWhole = R"(
listen = 6790
allow_uids = [0, 1000]

[tls]
enabled = true
ca_cert_path = "/abs/ca-cert.pem"
ca_key_path  = "keys/ca-key.pem"
upstream_ca_path = "corp-root.pem"

[[routes]]
name = "stripe"
upstream_ca_path = "../stripe.pem"
[routes.match]
host = "API.Stripe.com."
[routes.auth]
type = "header"
header_name = "Authorization"
scheme = "Bearer"
[routes.auth.secret]
source = "1password"
account = "my-team"
vault = "Engineering"
item = "Stripe API Key"
field = "secret_key"

[[routes]]
name = "local"
allow_plaintext = true
[routes.match]
host = "[::1]"
[routes.auth]
type = "basic"
username = "me"
[routes.auth.secret]
source = "keyring"
account = "local"
service = "gh:github.com"
decode = "go-keyring"

[[listeners]]
name = "prod-db"
port = 15432
upstream = "DB.prod.example.com:6543"
client_tls = "require"
upstream_tls = "verify-full"
upstream_ca_path = "db.pem"
require_token = true
allow_weak_auth = true
allow_replication = true
[listeners.auth]
type = "password"
username = "app_user"
[listeners.auth.secret]
source = "keyring"
account = "prod-db"

[secrets]
cache_ttl = "15m"
require_approval = true
[[secrets.providers]]
type = "1password"
path = "/opt/homebrew/bin/op"
timeout = "15s"

[env]
no_proxy = ["*.internal.example", "10.0.0.0/8"]
)";

TEST(ConfigParse, ReadsTheTopLevel) {
  const Config config = config_of(kWhole);
  EXPECT_EQ(config.listen, 6790);
  EXPECT_THAT(config.allow_uids, ElementsAre(0U, 1000U));
  EXPECT_THAT(config.no_proxy, ElementsAre("*.internal.example", "10.0.0.0/8"));
  EXPECT_THAT(warnings_of(kWhole), IsEmpty());
}

TEST(ConfigParse, ResolvesRelativePathsAgainstTheFilesFolder) {
  const Config config = config_of(kWhole);
  EXPECT_EQ(config.tls.ca_cert_path, "/abs/ca-cert.pem");
  EXPECT_EQ(config.tls.ca_key_path, "/srv/app/keys/ca-key.pem");
  EXPECT_EQ(config.tls.upstream_ca_path, "/srv/app/corp-root.pem");
  EXPECT_EQ(config.routes[0].upstream_ca_path, "/srv/app/../stripe.pem");
  EXPECT_EQ(config.listeners[0].upstream_ca_path, "/srv/app/db.pem");
}

TEST(ConfigParse, TakesStringsLiterally) {
  const Config config = config_of("listen = 1\n[tls]\nca_cert_path = \"~/$HOME/a\"\n");
  EXPECT_EQ(config.tls.ca_cert_path, "/srv/app/~/$HOME/a");
}

TEST(ConfigParse, ReadsHeaderAuth) {
  const Route route = config_of(kWhole).routes[0];
  EXPECT_EQ(route.name, "stripe");
  EXPECT_EQ(route.host, "api.stripe.com");
  EXPECT_EQ(std::get<HeaderAuth>(route.auth), (HeaderAuth{"Authorization", "Bearer"}));
  EXPECT_EQ(std::get<OnePasswordRef>(route.secret),
            (OnePasswordRef{"Engineering", "Stripe API Key", "secret_key", "my-team"}));
}

TEST(ConfigParse, ReadsBasicAuth) {
  const Route route = config_of(kWhole).routes[1];
  EXPECT_EQ(route.host, "::1");
  EXPECT_EQ(std::get<BasicAuth>(route.auth), BasicAuth{"me"});
  EXPECT_EQ(std::get<KeyringRef>(route.secret), (KeyringRef{"local", "gh:github.com", "go-keyring"}));
}

TEST(ConfigParse, ReadsListeners) {
  const Listener listener = config_of(kWhole).listeners[0];
  EXPECT_EQ(listener.name, "prod-db");
  EXPECT_EQ(listener.port, 15432);
  EXPECT_EQ(listener.upstream_host, "db.prod.example.com");
  EXPECT_EQ(listener.upstream_port, 6543);
  EXPECT_EQ(listener.client_tls, ClientTls::require);
  EXPECT_TRUE(listener.require_token && listener.allow_weak_auth && listener.allow_replication);
  EXPECT_EQ(listener.username, "app_user");
  EXPECT_EQ(std::get<KeyringRef>(listener.secret), (KeyringRef{"prod-db", "cordon", ""}));
}

TEST(ConfigParse, ListenersHaveDefaults) {
  const Listener listener = config_of(ListenerText{}).listeners[0];
  EXPECT_EQ(listener.upstream_port, 5432);
  EXPECT_EQ(listener.client_tls, ClientTls::accept);
  EXPECT_EQ(listener.upstream_tls, UpstreamTls::verify_full);
  EXPECT_FALSE(listener.require_token || listener.allow_weak_auth || listener.allow_replication);
}

TEST(ConfigParse, ReadsSecretsAndProviders) {
  const SecretsConfig secrets = config_of(kWhole).secrets;
  EXPECT_EQ(secrets.cache_ttl, 15min);
  EXPECT_TRUE(secrets.require_approval);
  ASSERT_EQ(secrets.providers.size(), 1U);
  EXPECT_EQ(secrets.providers[0].type, "1password");
  EXPECT_EQ(secrets.providers[0].path, "/opt/homebrew/bin/op");
  EXPECT_EQ(secrets.providers[0].timeout, 15s);
}

TEST(ConfigParse, HasDefaultsForWhatIsLeftOut) {
  const Config config = config_of("listen = 6790\n");
  EXPECT_TRUE(config.tls.enabled);
  EXPECT_FALSE(config.tls.ca_cert_path);
  EXPECT_FALSE(config.secrets.cache_ttl);
  EXPECT_FALSE(config.secrets.require_approval);
}

TEST(ConfigParse, RoutesCoverPort443) {
  EXPECT_EQ(config_of(RouteText{}).routes[0].ports, (PortSet{false, {443}}));
}

TEST(ConfigParse, RoutesWithPlaintextCoverPort80Too) {
  EXPECT_EQ(config_of(RouteText{.top = "name = \"r\"\nallow_plaintext = true"}).routes[0].ports,
            (PortSet{false, {443, 80}}));
}

TEST(ConfigParse, AGivenPortReplacesTheDefaults) {
  const auto ports = [](const std::string& line) {
    return config_of(RouteText{.top = "name = \"r\"\nallow_plaintext = true", .match = "host = \"a\"\nport = " + line})
        .routes[0]
        .ports;
  };
  EXPECT_EQ(ports("8443"), (PortSet{false, {8443}}));
  EXPECT_EQ(ports("[443, 8443]"), (PortSet{false, {443, 8443}}));
  EXPECT_EQ(ports("\"any\""), (PortSet{true, {}}));
}

TEST(ConfigParse, ReadsEachSecretSource) {
  const auto secret = [](const std::string& lines) { return config_of(RouteText{.secret = lines}).routes[0].secret; };
  EXPECT_EQ(secret("source = \"env\"\nvariable = \"STRIPE_KEY\""), SecretRef(EnvRef{"STRIPE_KEY"}));
  EXPECT_EQ(secret("source = \"file\"\npath = \"secrets/a\""), SecretRef(FileRef{"/srv/app/secrets/a"}));
  EXPECT_EQ(secret("source = \"command\"\nargv = [\"pass\", \"show\", \"\"]"),
            SecretRef(CommandRef{{"pass", "show", ""}, std::nullopt}));
  EXPECT_EQ(secret("source = \"command\"\nargv = [\"./get\"]\ntimeout = \"500ms\""),
            SecretRef(CommandRef{{"/srv/app/./get"}, 500ms}));
  EXPECT_EQ(secret("source = \"keyring\"\naccount = \"a\""), SecretRef(KeyringRef{"a", "cordon", ""}));
}

TEST(ConfigParse, ReadsDurations) {
  const auto ttl = [](const std::string& value) {
    return config_of("listen = 1\n[secrets]\ncache_ttl = " + value).secrets.cache_ttl;
  };
  EXPECT_EQ(ttl("\"500ms\""), 500ms);
  EXPECT_EQ(ttl("\"60s\""), 60s);
  EXPECT_EQ(ttl("\"15m\""), 15min);
  EXPECT_EQ(ttl("\"24h\""), 24h);
  EXPECT_EQ(ttl("\"0\""), 0ms);
  EXPECT_EQ(ttl("0"), 0ms);
}

TEST(ConfigParse, ReadsInlineTablesAndDottedKeys) {
  const Config config = config_of(
      "listen = 1\n"
      "[[routes]]\nname = \"r\"\nmatch.host = \"a.example\"\n"
      "auth = { type = \"basic\", username = \"u\", secret = { source = \"env\", variable = \"V\" } }\n");
  EXPECT_EQ(config.routes[0].host, "a.example");
}

TEST(ConfigParse, SkipsAByteOrderMark) {
  EXPECT_EQ(config_of("\xEF\xBB\xBFlisten = 7\n").listen, 7);
}

TEST(ConfigParse, KeepsTheOrderOfRoutes) {
  std::string text = "listen = 1\n";
  for (const char* name : {"b", "a", "c"}) {
    text += std::string("[[routes]]\nname = \"") + name + "\"\nmatch.host = \"" + name +
            "\"\nauth = {type = \"header\", header_name = \"X\", secret = {source = \"env\", variable = \"V\"}}\n";
  }
  const Config config = config_of(text);
  ASSERT_EQ(config.routes.size(), 3U);
  EXPECT_EQ(config.routes[0].name + config.routes[1].name + config.routes[2].name, "bac");
}

TEST(ConfigParse, ReadsBearerAsHeaderAuthAndNamesTheNewSpelling) {
  const std::string text = RouteText{.auth = "type = \"bearer\""};
  EXPECT_EQ(std::get<HeaderAuth>(config_of(text).routes[0].auth), (HeaderAuth{"Authorization", "Bearer"}));
  EXPECT_THAT(warnings_of(text), ElementsAre(fault_at("7:8: routes[0].auth.type",
                                                      "type = \"header\" with header_name = \"Authorization\"")));
}

TEST(ConfigParse, ReadsApiKeyAsHeaderAuthAndNamesTheNewSpelling) {
  const std::string text = RouteText{.auth = "type = \"api_key\"\nheader_name = \"X-Api-Key\""};
  EXPECT_EQ(std::get<HeaderAuth>(config_of(text).routes[0].auth), (HeaderAuth{"X-Api-Key", ""}));
  EXPECT_THAT(warnings_of(text), ElementsAre(fault_at("7:8: routes[0].auth.type", "type = \"header\"")));
}

const std::string kServices = R"(listen = 1
[[services]]
name = "old"
listen = 15432
upstream = "db.example.com:5432"
protocol = "postgres"
[services.auth]
type = "password"
username = "u"
[services.auth.secret]
source = "env"
variable = "V"
[[listeners]]
name = "new"
port = 15433
upstream = "db.example.com"
[listeners.auth]
type = "password"
username = "u"
[listeners.auth.secret]
source = "env"
variable = "V"
)";

TEST(ConfigParse, ReadsServicesAsListenersAndNamesTheNewSpelling) {
  const Config config = config_of(kServices);
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(config.listeners[0].name, "new");
  EXPECT_EQ(config.listeners[1].name, "old");
  EXPECT_EQ(config.listeners[1].port, 15432);
  EXPECT_THAT(warnings_of(kServices),
              ElementsAre(fault_at("2:1: services", "write [[listeners]], with `port` for `listen`")));
}

TEST(ConfigParse, NamesServicesAsTheFileDoes) {
  std::string text = kServices;
  text.replace(text.find("15432"), 5, "15433");
  EXPECT_THAT(faults_of(text),
              ElementsAre(fault_at(
                  "4:10: services[0].listen",
                  "15433 is taken: the ports of listeners must differ from each other and from `listen` (line 15)")));
}

}  // namespace
}  // namespace cordon::config
