// F7: what is wrong with a cordon.toml is told at once, each fault with its line, column and key.
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(ConfigFaults, F7TellsEveryFaultInTheFilesOrder) {
  EXPECT_THAT(
      faults_of(R"(listen = 70000
foo = 1
[tls]
enabled = "yes"
[[routes]]
name = "a"
[routes.match]
host = "https://api.example.com"
[routes.auth]
type = "header"
header_name = "Host"
[routes.auth.secret]
source = "keyring"
)"),
      ElementsAre(fault_at("1:10: listen", "must be a port from 1 to 65535"), fault_at("2:1: foo", "unknown key"),
                  fault_at("4:11: tls.enabled", "must be true or false, not a string"),
                  fault_at("8:8: routes[0].match.host", "without a scheme"),
                  fault_at("11:15: routes[0].auth.header_name", "must not be one of `Host`, `Content-Length`"),
                  fault_at("12:1: routes[0].auth.secret.account", "is missing")));
}

TEST(ConfigFaults, ASyntaxErrorStandsAlone) {
  EXPECT_THAT(faults_of("foo = 1\nlisten = = 5\nbar = 2\n"), ElementsAre(fault_at("2:10: ", "not valid TOML: ")));
  EXPECT_THAT(faults_of("listen = 1\nlisten = 2\n"),
              ElementsAre(HasSubstr("cannot redefine existing integer 'listen'")));
}

TEST(ConfigFaults, ASyntaxErrorQuotesNoValue) {
  for (const char* text : {"a = 123456789012345678901234567890\n", "a = sk_live_123456\n", "a = 'x' sk_live_123456\n",
                           "a = \"sk_live_123456\n", "a = 0xsk_live_123456", "sk_live_123456\n"}) {
    EXPECT_THAT(faults_of(text), ElementsAre(AllOf(Not(HasSubstr("live")), Not(HasSubstr("345678"))))) << text;
  }
}

TEST(ConfigFaults, F7SuggestsTheNearestKey) {
  EXPECT_THAT(faults_of("listen = 1\nallow_uid = [1]\n"),
              ElementsAre(fault_at("2:1: allow_uid", "did you mean `allow_uids`?")));
  EXPECT_THAT(faults_of("listen = 1\n[TLS]\nenabled = true\n"),
              ElementsAre(fault_at("2:2: TLS", "did you mean `tls`?")));
  EXPECT_THAT(faults_of(RouteText{.match = "host = \"a\"\nprot = 1"}),
              ElementsAre(fault_at("6:1: routes[0].match.prot", "did you mean `port`?")));
  EXPECT_THAT(faults_of(RouteText{.auth = "type = \"header\"\nheader-name = \"X\""}),
              ElementsAre(fault_at("6:1: routes[0].auth.header_name", "is missing"),
                          fault_at("8:1: routes[0].auth.header-name", "did you mean `header_name`?")));
}

TEST(ConfigFaults, F7ListsTheKeysWhenNoneIsNear) {
  EXPECT_THAT(faults_of(RouteText{.match = "host = \"a\"\npassword = \"hunter2\""}),
              ElementsAre(AllOf(fault_at("6:1: routes[0].match.password", "the keys here are `host`, `port`"),
                                Not(HasSubstr("hunter2")))));
}

TEST(ConfigFaults, UnknownKeysAreFaultsEverywhere) {
  const std::string secrets =
      "listen = 1\n[secrets]\nzzzzz = 1\n[[secrets.providers]]\ntype = \"1password\"\nzzzzz = 1\n[env]\nzzzzz = 1\n";
  EXPECT_THAT(faults_of(secrets), ElementsAre(fault_at("3:1: secrets.zzzzz", "unknown key"),
                                              fault_at("6:1: secrets.providers[0].zzzzz", "unknown key"),
                                              fault_at("8:1: env.zzzzz", "unknown key")));
  EXPECT_THAT(faults_of(RouteText{.secret = "source = \"env\"\nvariable = \"V\"\nzzzzz = 1"}),
              ElementsAre(fault_at("12:1: routes[0].auth.secret.zzzzz",
                                   "unknown key; the keys here are `variable`, `source`")));
  EXPECT_THAT(faults_of(ListenerText{.top = "port = 5\nupstream = \"a\"\nzzzzz = 1"}),
              ElementsAre(fault_at("6:1: listeners[0].zzzzz", "unknown key")));
}

TEST(ConfigFaults, EscapesControlCharactersOfKeys) {
  EXPECT_THAT(faults_of("listen = 1\n\"\\u001b[31m\\u202e\" = 1\n"),
              ElementsAre(fault_at("2:1: \"\\u001b[31m\\u202e\"", "unknown key")));
}

TEST(ConfigFaults, NeverQuotesValues) {
  const std::string text =
      RouteText{.top = "name = \"sk_live_1\\u0001\"",
                .match = "host = \"sk_live_1 \"",
                .auth = "type = \"sk_live_1\"",
                .secret = "source = \"sk_live_1\"",
                .head = "listen = \"sk_live_1\"\ntoken = \"sk_live_1\"\n[secrets]\ncache_ttl = \"sk_live_1\""};
  const auto faults = faults_of(text);
  EXPECT_THAT(faults, AllOf(SizeIs(7), Each(Not(HasSubstr("sk_live")))));
}

TEST(ConfigFaults, ListenIsRequired) {
  EXPECT_THAT(faults_of(""), ElementsAre(fault_at("0:0: listen", "is missing")));
}

TEST(ConfigFaults, PortsAreFrom1To65535) {
  for (const char* port : {"0", "-1", "65536", "9223372036854775807"}) {
    EXPECT_THAT(faults_of(std::string("listen = ") + port), ElementsAre(fault_at("1:10: listen", "from 1 to 65535")))
        << port;
  }
  EXPECT_THAT(faults_of("listen = 67.9"), ElementsAre(fault_at("1:10: listen", "not a number with a point")));
  EXPECT_THAT(faults_of("listen = \"127.0.0.1:6790\""), ElementsAre(fault_at("1:10: listen", "not a string")));
}

TEST(ConfigFaults, F7NamesTheWrongType) {
  EXPECT_THAT(faults_of("listen = 1\ntls = true\n"),
              ElementsAre(fault_at("2:7: tls", "must be a table, not a boolean")));
  EXPECT_THAT(faults_of("listen = 1\n[routes]\nname = \"a\"\n"),
              ElementsAre(fault_at("2:1: routes", "must be an array of tables, written [[routes]], not a table")));
  EXPECT_THAT(faults_of("listen = 1\nroutes = [1]\n"),
              ElementsAre(fault_at("2:11: routes[0]", "must be a table, not an integer")));
  EXPECT_THAT(faults_of("listen = 1\n[env]\nno_proxy = \"a\"\n"),
              ElementsAre(fault_at("3:12: env.no_proxy", "must be an array of strings, not a string")));
  EXPECT_THAT(faults_of("listen = 1979-05-27\n"), ElementsAre(fault_at("1:10: listen", "not a date or time")));
}

TEST(ConfigFaults, RequiredKeysAreNamedAtTheirTable) {
  EXPECT_THAT(faults_of("listen = 1\n[[routes]]\n"),
              ElementsAre(fault_at("2:1: routes[0].name", "is missing"), fault_at("2:1: routes[0].match", "is missing"),
                          fault_at("2:1: routes[0].auth", "is missing")));
  EXPECT_THAT(
      faults_of("listen = 1\n[[listeners]]\n"),
      ElementsAre(fault_at("2:1: listeners[0].port", "is missing"), fault_at("2:1: listeners[0].name", "is missing"),
                  fault_at("2:1: listeners[0].upstream", "is missing"),
                  fault_at("2:1: listeners[0].auth", "is missing")));
  EXPECT_THAT(faults_of(RouteText{.match = ""}), ElementsAre(fault_at("4:1: routes[0].match.host", "is missing")));
}

TEST(ConfigFaults, F7NamesAreUniqueAcrossRoutesAndListeners) {
  const std::string listener = ListenerText{.head = ""};
  EXPECT_THAT(faults_of(std::string(RouteText{.top = "name = \"l\""}) + listener),
              ElementsAre(fault_at("14:8: listeners[0].name",
                                   "`l` is taken: the names of routes and listeners must differ (line 3)")));
  EXPECT_THAT(faults_of(std::string(RouteText{}) + std::string(RouteText{.match = "host = \"b\"", .head = ""})),
              ElementsAre(fault_at("14:8: routes[1].name", "`r` is taken")));
}

TEST(ConfigFaults, F7ListenerPortsAreUnique) {
  EXPECT_THAT(faults_of(ListenerText{.top = "port = 6790\nupstream = \"a\""}),
              ElementsAre(fault_at(
                  "4:8: listeners[0].port",
                  "6790 is taken: the ports of listeners must differ from each other and from `listen` (line 1)")));
}

TEST(ConfigFaults, F7NotUtf8) {
  for (const char* bytes : {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_THAT(faults_of(std::string("listen = 1\n# \xC3\xBC ") + bytes + "\n"),
                ElementsAre(fault_at("2:5: ", "not UTF-8")))
        << bytes;
  }
}

TEST(ConfigFaults, F7TooLarge) {
  EXPECT_THAT(faults_of(std::string((1U << 20U) + 1, '#')), ElementsAre(fault_at("0:0: ", "is over 1048576 bytes")));
  EXPECT_THAT(faults_of("listen = 1\n" + std::string((1U << 20U) - 11, '#')), IsEmpty());
}

TEST(ConfigFaults, DeepNestingIsRefusedBeforeItCanExhaustTheStack) {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i)
    key += ".a";
  EXPECT_THAT(faults_of(key + " = 1\n"), ElementsAre(fault_at("1:32: ", "nested too deep")));
  EXPECT_THAT(faults_of("listen = 1\n[" + key + "]\n"), ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(faults_of("a = " + std::string(17, '[')), ElementsAre(fault_at("1:21: ", "nested too deep")));
  EXPECT_THAT(faults_of("a = " + std::string(100'000, '{')), ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(faults_of("\"a.\" . 'b' . c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r = 1"),
              ElementsAre(HasSubstr("nested too deep")));
}

TEST(ConfigFaults, DotsAndBracketsInStringsAndCommentsAreNoNesting) {
  const std::string dots(100, '.'), brackets(100, '[');
  for (const std::string& quote : {std::string("\""), std::string("'"), std::string("\"\"\""), std::string("'''")}) {
    const std::string text =
        "listen = 1 # " + dots + brackets + "\n[tls]\nca_cert_path = " + quote + dots + brackets + quote + "\n";
    EXPECT_THAT(faults_of(text), IsEmpty()) << text;
  }
  EXPECT_THAT(faults_of("listen = 1\n[tls]\nca_cert_path = \"\\\"" + brackets +
                        "\"\nca_key_path = \"\"\"a\"\"\"\"\" # " + brackets + "\n"),
              IsEmpty());
  EXPECT_THAT(faults_of("listen = 1\n[env]\nno_proxy = [\"1.2.3.4\", \"1.2.3.4\", \"1.2.3.4\", \"1.2.3.4\", "
                        "\"1.2.3.4\", \"1.2.3.4\"]\n"),
              IsEmpty());
}

TEST(ConfigFaults, ToStringIsOneLineThatEditorsUnderstand) {
  const auto loaded = Config::parse("listen = 0\n", "/srv/app/cordon.toml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error()[0].to_string(), "/srv/app/cordon.toml:1:10: listen: must be a port from 1 to 65535");
  EXPECT_EQ((ConfigFault{"/a\nb", 0, 0, "", "is a folder"}.to_string()), "/a\\u000ab: is a folder");
  EXPECT_EQ((ConfigFault{"", 0, 0, "listen", "is missing"}.to_string()), "listen: is missing");
}

}  // namespace
}  // namespace cordon::config
