// Config::validate: the same rules for structs that a host program fills in itself.
#include <chrono>

#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Config valid() {
  Config config;
  Route route;
  route.name = "r";
  route.host = "api.example.com";
  route.ports = {false, {443}};
  route.auth = HeaderAuth{"Authorization", "Bearer"};
  route.secret = PluggedRef{"vault", "stripe"};
  config.routes.push_back(route);
  Listener listener;
  listener.name = "l";
  listener.upstream_host = "db.example.com";
  listener.username = "app";
  listener.secret = EnvRef{"DB"};
  config.listeners.push_back(listener);
  return config;
}

std::vector<std::string> faults_of(const Config& config) {
  std::vector<std::string> lines;
  for (const ConfigFault& fault : config.validate()) {
    EXPECT_TRUE(fault.file.empty() && fault.line == 0 && fault.column == 0);
    lines.push_back(fault.to_string());
  }
  return lines;
}

TEST(ConfigValidate, TakesPortZeroAndPluggedStores) {
  EXPECT_THAT(faults_of(valid()), IsEmpty());
  Config config = valid();
  config.listeners.push_back(config.listeners.front());
  config.listeners.back().name = "second";
  EXPECT_THAT(faults_of(config), IsEmpty()) << "any number of listeners may take a free port";
}

TEST(ConfigValidate, AnEmptyConfigIsFine) {
  EXPECT_THAT(faults_of(Config{}), IsEmpty());
}

TEST(ConfigValidate, TellsEveryFault) {
  Config config = valid();
  config.routes[0].name = "";
  config.routes[0].host = "";
  config.routes[0].ports = {};
  config.routes[0].auth = HeaderAuth{"Host", ""};
  config.routes[0].secret = OnePasswordRef{};
  EXPECT_THAT(
      faults_of(config),
      ElementsAre("routes[0].name: must not be empty", "routes[0].match.host: must not be empty",
                  "routes[0].match.port: must name at least one port, or be \"any\"",
                  HasSubstr("routes[0].auth.header_name: must not be one of"),
                  "routes[0].auth.secret.vault: must not be empty", "routes[0].auth.secret.item: must not be empty",
                  "routes[0].auth.secret.field: must not be empty"));
}

TEST(ConfigValidate, D13HostsMustBeCanonical) {
  for (const char* host : {"API.example.com", "api.example.com.", "[::1]", "::0001"}) {
    Config config = valid();
    config.routes[0].host = host;
    EXPECT_THAT(faults_of(config), ElementsAre(HasSubstr("routes[0].match.host: must be in its canonical form, `")))
        << host;
  }
}

TEST(ConfigValidate, PortSetsAreEitherAnyOrAList) {
  Config config = valid();
  config.routes[0].ports = {true, {443}};
  EXPECT_THAT(faults_of(config), ElementsAre("routes[0].match.port: must be either \"any\" or a list"));
  config.routes[0].ports = {false, {443, 0}};
  EXPECT_THAT(faults_of(config), ElementsAre("routes[0].match.port[1]: must be a port from 1 to 65535"));
}

TEST(ConfigValidate, PathsMustBeAbsolute) {
  Config config = valid();
  config.tls.ca_cert_path = "a.pem";
  config.routes[0].upstream_ca_path = "b.pem";
  config.routes[0].secret = FileRef{"c"};
  config.listeners[0].upstream_ca_path = "d.pem";
  config.secrets.providers.push_back({"1password", "op", std::nullopt});
  EXPECT_THAT(faults_of(config), ElementsAre("tls.ca_cert_path: must be an absolute path",
                                             "routes[0].upstream_ca_path: must be an absolute path",
                                             "routes[0].auth.secret.path: must be an absolute path",
                                             "listeners[0].upstream_ca_path: must be an absolute path",
                                             "secrets.providers[0].path: must be an absolute path"));
}

TEST(ConfigValidate, DurationsAreBounded) {
  Config config = valid();
  config.secrets.cache_ttl = -1ms;
  config.routes[0].secret = CommandRef{{"pass"}, 0ms};
  config.secrets.providers.push_back({"1password", std::nullopt, 25h});
  EXPECT_THAT(faults_of(config), ElementsAre("routes[0].auth.secret.timeout: must be more than 0",
                                             "secrets.cache_ttl: must be from 0 to 24h",
                                             "secrets.providers[0].timeout: must be 24h at most"));
}

TEST(ConfigValidate, ChecksListeners) {
  Config config = valid();
  config.listeners[0].upstream_port = 0;
  config.listeners[0].client_tls = ClientTls::require;
  config.listeners[0].upstream_tls = UpstreamTls::disable;
  config.tls.enabled = false;
  EXPECT_THAT(faults_of(config), ElementsAre("listeners[0].upstream: must have a port from 1 to 65535",
                                             HasSubstr("listeners[0].client_tls: `require` needs TLS"),
                                             HasSubstr("listeners[0].upstream_tls: `disable` is only for")));
}

TEST(ConfigValidate, ChecksWhatIsTakenTwice) {
  Config config = valid();
  config.listen = 5;
  config.listeners[0].port = 5;
  config.listeners[0].name = "r";
  EXPECT_THAT(faults_of(config),
              ElementsAre(HasSubstr("listeners[0].name: `r` is taken"), HasSubstr("listeners[0].port: 5 is taken")));
}

TEST(ConfigValidate, ChecksReferencesOfAllKinds) {
  const auto faults = [](SecretRef secret) {
    Config config = valid();
    config.routes[0].secret = std::move(secret);
    return faults_of(config);
  };
  EXPECT_THAT(faults(PluggedRef{}), ElementsAre("routes[0].auth.secret.source: must not be empty",
                                                "routes[0].auth.secret.key: must not be empty"));
  EXPECT_THAT(faults(CommandRef{}), ElementsAre(HasSubstr("routes[0].auth.secret.argv: must name a program")));
  EXPECT_THAT(faults(KeyringRef{"a", "", ""}), ElementsAre("routes[0].auth.secret.service: must not be empty"));
  EXPECT_THAT(faults(EnvRef{"A=B"}), ElementsAre(HasSubstr("routes[0].auth.secret.variable: must be the name")));
}

TEST(ConfigValidate, ChecksListsOfTheTopLevel) {
  Config config = valid();
  config.allow_uids = {1, 0xFFFFFFFF};
  config.no_proxy = {"a", "b,c"};
  EXPECT_THAT(faults_of(config), ElementsAre(HasSubstr("env.no_proxy[1]: must be one host"),
                                             HasSubstr("allow_uids[1]: must be a user id")));
}

// A file's config has nothing that validate refuses: both apply the same rules.
TEST(ConfigValidate, TakesWhatAFileGives) {
  EXPECT_THAT(faults_of(config_of(std::string(RouteText{}) + std::string(ListenerText{.head = ""}))), IsEmpty());
}

}  // namespace
}  // namespace cordon::config
