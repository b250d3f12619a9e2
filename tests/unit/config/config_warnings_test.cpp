// What is allowed and hardly meant.
#include "unit/config/parsing.hpp"

namespace cordon::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string route(const std::string& name, const std::string& match, const std::string& more = "") {
  return "[[routes]]\nname = \"" + name + "\"\n" + more + "match = {" + match +
         "}\nauth = {type = \"header\", header_name = \"X\", secret = {source = \"env\", variable = \"V\"}}\n";
}

TEST(ConfigWarnings, NoRoutesAndNoListenersIsAScaffold) {
  EXPECT_THAT(warnings_of("listen = 1\n"), ElementsAre(fault_at("0:0: ", "no routes and no listeners")));
  EXPECT_THAT(warnings_of(ListenerText{}), IsEmpty());
  EXPECT_THAT(warnings_of(RouteText{}), IsEmpty());
}

TEST(ConfigWarnings, ARouteWithTheSameHostAndPortsIsNeverUsed) {
  EXPECT_THAT(
      warnings_of("listen = 1\n" + route("a", "host = \"X.example\"") + route("b", "host = \"x.example.\"")),
      ElementsAre(fault_at("8:17: routes[1].match.host",
                           "is never used: route `a` comes earlier and covers the same host and ports (line 2)")));
}

TEST(ConfigWarnings, ARouteBehindOneForEveryPortIsNeverUsed) {
  EXPECT_THAT(warnings_of("listen = 1\n" + route("a", "host = \"h\", port = \"any\"") +
                          route("b", "host = \"h\", port = [1, 2]") + route("c", "host = \"h\", port = \"any\"")),
              ElementsAre(fault_at("8:17: routes[1].match.host", "route `a` comes earlier"),
                          fault_at("12:17: routes[2].match.host", "route `a` comes earlier")));
}

TEST(ConfigWarnings, ARouteWhosePortsSeveralOthersCoverIsNeverUsed) {
  EXPECT_THAT(warnings_of("listen = 1\n" + route("a", "host = \"h\", port = 1") + route("b", "host = \"h\", port = 2") +
                          route("c", "host = \"h\", port = [1, 2]")),
              ElementsAre(fault_at("12:17: routes[2].match.host", "is never used")));
}

TEST(ConfigWarnings, ASharedPortIsTheFirstRoutes) {
  EXPECT_THAT(warnings_of("listen = 1\n" + route("a", "host = \"h\", port = [1, 2]") +
                          route("b", "host = \"h\", port = [2, 3]")),
              ElementsAre(fault_at("8:29: routes[1].match.port",
                                   "2 is route `a`'s already, which comes earlier: the first match wins (line 2)")));
}

TEST(ConfigWarnings, DifferentHostsOrPortsAreFine) {
  EXPECT_THAT(warnings_of("listen = 1\n" + route("a", "host = \"h\", port = 1") + route("b", "host = \"h\", port = 2") +
                          route("c", "host = \"i\", port = 1") + route("d", "host = \"h\", port = \"any\"")),
              IsEmpty());
}

TEST(ConfigWarnings, WithoutTlsOnlyPlaintextRoutesInject) {
  EXPECT_THAT(warnings_of("listen = 1\n[tls]\nenabled = false\n" + route("a", "host = \"h\"") +
                          route("b", "host = \"i\"", "allow_plaintext = true\n")),
              ElementsAre(fault_at("4:1: routes[0]", "can never inject: TLS is off and `allow_plaintext` is not set")));
}

}  // namespace
}  // namespace cordon::config
