// Every single rule of product.md, section 2, about a value, broken.
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ConfigRules, NamesHaveAForm) {
  for (const char* name : {"-a", " a", "a ", "a\\tb", "b\xC3\xBC", "a\\\"b", "a$b"}) {
    EXPECT_THAT(faults_of(RouteText{.top = std::string("name = \"") + name + "\""}),
                ElementsAre(fault_at("3:8: routes[0].name", "must begin with a letter or digit")))
        << name;
  }
  EXPECT_THAT(faults_of(RouteText{.top = "name = \"\""}),
              ElementsAre(fault_at("3:8: routes[0].name", "must not be empty")));
  EXPECT_THAT(faults_of(RouteText{.top = "name = \"" + std::string(65, 'a') + "\""}),
              ElementsAre(HasSubstr("64 characters at most")));
  EXPECT_THAT(faults_of(RouteText{.top = "name = \"GitHub API (v3)/prod_1\""}), IsEmpty());
}

struct HostCase {
  const char *host, *message;
};

TEST(ConfigRules, F7HostsAreHostNamesOrLiterals) {
  for (const HostCase& c :
       {HostCase{"https://a.example", "without a scheme"}, HostCase{"*.example.com", "wildcard"},
        HostCase{"a.example/x", "without a path"}, HostCase{"a.example:443", "a port belongs into `port`"},
        HostCase{"[::1]:443", "a port belongs into `port`"},
        HostCase{"b\xC3\xBC"
                 "cher.example",
                 "`xn--` form"},
        HostCase{"u@a.example", "user information"}, HostCase{"fe80::1%eth0", "zone id"},
        HostCase{"a..b", "empty label"}, HostCase{"0x7f.1", "dotted decimal"}, HostCase{"a b", "letters, digits"},
        HostCase{"", "must not be empty"}, HostCase{"a:b", "must be a host name or an IP literal"},
        HostCase{"a\\u0000b", "letters, digits"}}) {
    EXPECT_THAT(faults_of(RouteText{.match = std::string("host = \"") + c.host + "\""}),
                ElementsAre(fault_at("5:8: routes[0].match.host", c.message)))
        << c.host;
  }
}

TEST(ConfigRules, RoutePortsAreANumberAListOrAny) {
  const auto faults = [](const std::string& port) {
    return faults_of(RouteText{.match = "host = \"a\"\nport = " + port});
  };
  EXPECT_THAT(faults("0"), ElementsAre(fault_at("6:8: routes[0].match.port", "from 1 to 65535")));
  EXPECT_THAT(faults("[]"), ElementsAre(fault_at("6:8: routes[0].match.port", "at least one port")));
  EXPECT_THAT(faults("\"all\""), ElementsAre(fault_at("6:8: routes[0].match.port", "or \"any\"")));
  EXPECT_THAT(faults("[443, 0, \"any\"]"), ElementsAre(fault_at("6:14: routes[0].match.port[1]", "from 1 to 65535"),
                                                       fault_at("6:17: routes[0].match.port[2]", "not a string")));
}

TEST(ConfigRules, F7HeaderNamesAreFieldNamesThatFrameNothing) {
  const auto faults = [](const std::string& name) {
    return faults_of(RouteText{.auth = "type = \"header\"\nheader_name = \"" + name + "\""});
  };
  for (const char* name : {"Host", "content-length", "Transfer-Encoding", "Connection", "Keep-Alive", "te", "Trailer",
                           "Upgrade", "Proxy-Authorization", "PROXY-AUTHENTICATE"}) {
    EXPECT_THAT(faults(name), ElementsAre(fault_at("8:15: routes[0].auth.header_name", "must not be one of"))) << name;
  }
  for (const char* name : {"X Key", "X-Key:", "X\\r\\nY", "X(y)", "\xC3\xBC"}) {
    EXPECT_THAT(faults(name),
                ElementsAre(fault_at("8:15: routes[0].auth.header_name", "must be the name of a header field")))
        << name;
  }
  EXPECT_THAT(faults(""), ElementsAre(fault_at("8:15: routes[0].auth.header_name", "must not be empty")));
  EXPECT_THAT(faults("x-api-key"), IsEmpty());
}

TEST(ConfigRules, AuthorizationNeedsAScheme) {
  for (const char* name : {"Authorization", "authorization"}) {
    EXPECT_THAT(faults_of(RouteText{.auth = std::string("type = \"header\"\nheader_name = \"") + name + "\""}),
                ElementsAre(fault_at("6:1: routes[0].auth.scheme",
                                     "is missing: with header_name `Authorization` it is required")));
  }
}

TEST(ConfigRules, SchemesAreTokens) {
  for (const char* scheme : {"Bearer ", "a b", "x\\r\\n", "Basic:"}) {
    EXPECT_THAT(faults_of(RouteText{.auth = std::string("type = \"header\"\nheader_name = \"X\"\nscheme = \"") +
                                            scheme + "\""}),
                ElementsAre(fault_at("9:10: routes[0].auth.scheme", "must be one word")))
        << scheme;
  }
}

TEST(ConfigRules, KeysOfAnotherAuthTypeAreFaults) {
  EXPECT_THAT(faults_of(RouteText{.auth = "type = \"basic\"\nusername = \"u\"\nscheme = \"Bearer\""}),
              ElementsAre(fault_at("9:1: routes[0].auth.scheme",
                                   "does not go with type `basic`; it is a key of type `header`")));
  EXPECT_THAT(faults_of(RouteText{.auth = "type = \"bearer\"\nheader_name = \"X\""}),
              ElementsAre(fault_at("8:1: routes[0].auth.header_name",
                                   "does not go with type `bearer`; it is a key of type `header`")));
}

TEST(ConfigRules, KeysOfAnotherSourceAreFaults) {
  EXPECT_THAT(faults_of(RouteText{.secret = "source = \"env\"\nvariable = \"V\"\nvault = \"v\"\naccount = \"a\""}),
              ElementsAre(fault_at("12:1: routes[0].auth.secret.vault",
                                   "does not go with source `env`; it is a key of source `1password`"),
                          fault_at("13:1: routes[0].auth.secret.account", "a key of source `1password`, `keyring`")));
}

TEST(ConfigRules, AnUnknownTypeDoesNotHideTheSecretsFaults) {
  EXPECT_THAT(faults_of(RouteText{.auth = "type = \"heder\"\nusername = \"u\"",
                                  .secret = "source = \"keyring\"\nacount = \"a\""}),
              ElementsAre(fault_at("7:8: routes[0].auth.type", "must be one of `header`, `basic`"),
                          fault_at("9:1: routes[0].auth.secret.account", "is missing"),
                          fault_at("11:1: routes[0].auth.secret.acount", "did you mean `account`?")));
  EXPECT_THAT(faults_of(RouteText{.auth = "header_name = \"X\""}),
              ElementsAre(fault_at("6:1: routes[0].auth.type", "must be one of `header`, `basic`")));
}

TEST(ConfigRules, SourcesAreKnown) {
  EXPECT_THAT(faults_of(RouteText{.secret = "source = \"vault\""}),
              ElementsAre(fault_at("10:10: routes[0].auth.secret.source",
                                   "must be one of `1password`, `keyring`, `env`, `file`, `command`")));
  EXPECT_THAT(faults_of(RouteText{.secret = ""}),
              ElementsAre(fault_at("9:1: routes[0].auth.secret.source", "is missing")));
}

struct SecretCase {
  const char *lines, *fault, *message;
};

TEST(ConfigRules, SecretKeysHaveTheirRules) {
  for (const SecretCase& c : {
           SecretCase{"source = \"1password\"\nvault = \"-v\"\nitem = \"i\"\nfield = \"f\"",
                      "11:9: routes[0].auth.secret.vault", "must not begin with `-`"},
           SecretCase{"source = \"1password\"\nvault = \"v\"\nitem = \"i\"\nfield = \"f\\n\"",
                      "13:9: routes[0].auth.secret.field", "control characters"},
           SecretCase{"source = \"1password\"\nvault = \"v\"\nitem = \"\"\nfield = \"f\"",
                      "12:8: routes[0].auth.secret.item", "must not be empty"},
           SecretCase{"source = \"1password\"\nvault = \"v\"\nitem = \"i\"\nfield = \"f\"\naccount = \"--x\"",
                      "14:11: routes[0].auth.secret.account", "must not begin with `-`"},
           SecretCase{"source = \"keyring\"\naccount = \"a\"\ndecode = \"base64\"",
                      "12:10: routes[0].auth.secret.decode", "must be `go-keyring`"},
           SecretCase{"source = \"keyring\"\naccount = \"a\"\nservice = \"\"", "12:11: routes[0].auth.secret.service",
                      "must not be empty"},
           SecretCase{"source = \"env\"\nvariable = \"$KEY\"", "11:12: routes[0].auth.secret.variable", "without `$`"},
           SecretCase{"source = \"env\"\nvariable = \"1KEY\"", "11:12: routes[0].auth.secret.variable",
                      "not beginning with a digit"},
           SecretCase{"source = \"file\"\npath = \"a\\u0000b\"", "11:8: routes[0].auth.secret.path",
                      "control characters"},
           SecretCase{"source = \"command\"\nargv = []", "11:8: routes[0].auth.secret.argv", "must name a program"},
           SecretCase{"source = \"command\"\nargv = \"pass show x\"", "11:8: routes[0].auth.secret.argv",
                      "must be an array of strings"},
           SecretCase{"source = \"command\"\nargv = [\"\", \"x\"]", "11:9: routes[0].auth.secret.argv[0]",
                      "must not be empty"},
           SecretCase{"source = \"command\"\nargv = [\"a\", 1]", "11:14: routes[0].auth.secret.argv[1]",
                      "must be a string, not an integer"},
           SecretCase{"source = \"command\"\nargv = [\"a\", \"\\u0000\"]", "11:14: routes[0].auth.secret.argv[1]",
                      "must not hold NUL"},
           SecretCase{"source = \"command\"\nargv = [\"a\"]\ntimeout = \"0\"", "12:11: routes[0].auth.secret.timeout",
                      "more than 0"},
       }) {
    EXPECT_THAT(faults_of(RouteText{.secret = c.lines}), ElementsAre(fault_at(c.fault, c.message))) << c.lines;
  }
}

TEST(ConfigRules, PluggedStoresAreNotForFiles) {
  EXPECT_THAT(faults_of(RouteText{.secret = "source = \"plugged\"\nkey = \"a\""}),
              ElementsAre(HasSubstr("must be one of `1password`")));
}

TEST(ConfigRules, BasicUsernamesHaveNoColon) {
  EXPECT_THAT(faults_of(RouteText{.auth = "type = \"basic\"\nusername = \"a:b\""}),
              ElementsAre(fault_at("8:12: routes[0].auth.username", "colon")));
  EXPECT_THAT(faults_of(RouteText{.auth = "type = \"basic\"\nusername = \"a\\nb\""}),
              ElementsAre(fault_at("8:12: routes[0].auth.username", "control")));
}

TEST(ConfigRules, RequiringClientTlsNeedsTls) {
  const ListenerText text{.top = "port = 5\nupstream = \"a\"\nclient_tls = \"require\"",
                          .head = "listen = 1\n[tls]\nenabled = false"};
  EXPECT_THAT(faults_of(text), ElementsAre(fault_at("8:14: listeners[0].client_tls", "`require` needs TLS")));
}

TEST(ConfigRules, ClientAndUpstreamTlsAreOneOfTheirWords) {
  EXPECT_THAT(faults_of(ListenerText{.top = "port = 5\nupstream = \"a\"\nclient_tls = \"allow\"\nupstream_tls = true"}),
              ElementsAre(fault_at("6:14: listeners[0].client_tls", "must be one of `accept`, `require`, `disable`"),
                          fault_at("7:16: listeners[0].upstream_tls",
                                   "must be one of `verify-full`, `disable`, not a boolean")));
}

TEST(ConfigRules, UpstreamTlsIsOffForLocalUpstreamsOnly) {
  const auto faults = [](const std::string& upstream) {
    return faults_of(ListenerText{.top = "port = 5\nupstream = \"" + upstream + "\"\nupstream_tls = \"disable\""});
  };
  for (const char* upstream :
       {"localhost:5432", "127.0.0.1", "10.1.2.3:5432", "172.16.0.1", "172.31.255.255", "192.168.1.1", "[::1]:5432",
        "[fd00::1]:5432", "[::ffff:10.0.0.1]:5432", "db.localhost"}) {
    EXPECT_THAT(faults(upstream), IsEmpty()) << upstream;
  }
  for (const char* upstream : {"db.example.com:5432", "203.0.113.7", "172.32.0.1", "192.169.0.1", "11.0.0.1",
                               "[2001:db8::1]:5432", "[::ffff:8.8.8.8]:5432", "db", "[::]:5432", "0.0.0.0"}) {
    EXPECT_THAT(faults(upstream),
                ElementsAre(fault_at("6:16: listeners[0].upstream_tls", "loopback or private address")))
        << upstream;
  }
}

TEST(ConfigRules, UpstreamsAreHostAndPort) {
  for (const HostCase& c : {HostCase{"postgres://a:5432", "without a scheme"}, HostCase{"a:0", "1 to 65535"},
                            HostCase{"a:x", "1 to 65535"}, HostCase{"b\xC3\xBC:1", "`xn--` form"},
                            HostCase{"", "must not be empty"}, HostCase{"a/db", "must be `host:port`"}}) {
    EXPECT_THAT(faults_of(ListenerText{.top = std::string("port = 5\nupstream = \"") + c.host + "\""}),
                ElementsAre(fault_at("5:12: listeners[0].upstream", c.message)))
        << c.host;
  }
}

TEST(ConfigRules, ListenersTakePasswordAuthOnly) {
  EXPECT_THAT(faults_of(ListenerText{.auth = "type = \"basic\"\nusername = \"u\""}),
              ElementsAre(fault_at("7:8: listeners[0].auth.type", "must be one of `password`")));
  EXPECT_THAT(faults_of(ListenerText{.auth = "type = \"password\""}),
              ElementsAre(fault_at("6:1: listeners[0].auth.username", "is missing")));
  EXPECT_THAT(faults_of(ListenerText{.auth = "type = \"password\"\nusername = \"a\\u0000b\""}),
              ElementsAre(fault_at("8:12: listeners[0].auth.username", "control")));
}

TEST(ConfigRules, ServicesSpeakPostgres) {
  EXPECT_THAT(
      faults_of("listen = 1\n[[services]]\nname = \"s\"\nlisten = 2\nupstream = \"a\"\nprotocol = \"mysql\"\n"
                "auth = {type = \"password\", username = \"u\", secret = {source = \"env\", variable = \"V\"}}\n"),
      ElementsAre(fault_at("6:12: services[0].protocol", "must be `postgres`")));
}

TEST(ConfigRules, DurationsHaveANumberAndAUnit) {
  for (const char* ttl : {"\"15\"", "\"m\"", "\"15 m\"", "\"-1s\"", "\"1.5s\"", "\"1h30m\"", "\"25h\"",
                          "\"99999999999s\"", "\"1d\"", "\"0x1s\""}) {
    EXPECT_THAT(faults_of(std::string("listen = 1\n[secrets]\ncache_ttl = ") + ttl),
                ElementsAre(fault_at("3:13: secrets.cache_ttl", "such as \"500ms\"")))
        << ttl;
  }
  EXPECT_THAT(faults_of("listen = 1\n[secrets]\ncache_ttl = 15\n"),
              ElementsAre(fault_at("3:13: secrets.cache_ttl", "must be a duration")));
}

TEST(ConfigRules, ProvidersAreKnownAndDifferent) {
  EXPECT_THAT(faults_of("listen = 1\n[[secrets.providers]]\ntype = \"vault\"\n"),
              ElementsAre(fault_at("3:8: secrets.providers[0].type", "must be `1password`")));
  EXPECT_THAT(faults_of("listen = 1\n[[secrets.providers]]\ntype = \"1password\"\n[[secrets.providers]]\ntype = "
                        "\"1password\"\ntimeout = \"0\"\n"),
              ElementsAre(fault_at("5:8: secrets.providers[1].type", "configured already"),
                          fault_at("6:11: secrets.providers[1].timeout", "more than 0")));
}

TEST(ConfigRules, TheCaHasTwoFiles) {
  EXPECT_THAT(faults_of("listen = 1\n[tls]\nca_cert_path = \"a\"\nca_key_path = \"a\"\n"),
              ElementsAre(fault_at("4:15: tls.ca_key_path", "another file than ca_cert_path (line 3)")));
  EXPECT_THAT(faults_of("listen = 1\n[tls]\nca_cert_path = \"\"\n"),
              ElementsAre(fault_at("3:16: tls.ca_cert_path", "must not be empty")));
}

TEST(ConfigRules, NoProxyEntriesAreSingleWords) {
  EXPECT_THAT(
      faults_of("listen = 1\n[env]\nno_proxy = [\"a,b\", \"c d\", \"\", \"ok\", \"\xC3\xBC\", 1]\n"),
      ElementsAre(fault_at("3:13: env.no_proxy[0]", "without spaces and commas"),
                  fault_at("3:20: env.no_proxy[1]", "without spaces"),
                  fault_at("3:27: env.no_proxy[2]", "must not be empty"), fault_at("3:37: env.no_proxy[4]", "ASCII"),
                  fault_at("3:42: env.no_proxy[5]", "must be a string")));
}

TEST(ConfigRules, UserIdsAreNumbers) {
  EXPECT_THAT(
      faults_of("listen = 1\nallow_uids = [0, -1, 4294967295, \"root\", 4294967294]\n"),
      ElementsAre(fault_at("2:18: allow_uids[1]", "must be from 0 to 4294967294"),
                  fault_at("2:22: allow_uids[2]", "must be from 0"), fault_at("2:34: allow_uids[3]", "a user id")));
}

}  // namespace
}  // namespace cordon::config
