#include "inject/route_table.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace cordon::inject {
namespace {

Route route(std::string name, std::string host, PortSet ports = {.any = false, .list = {443}}) {
  Route made;
  made.name = std::move(name);
  made.host = std::move(host);
  made.ports = std::move(ports);
  return made;
}

std::string matched(const RouteTable& table, std::string_view host, std::uint16_t port) {
  const auto match = table.find(host, port);
  return match.route != nullptr ? match.route->name : "";
}

TEST(RouteTable, FindsTheRouteOfAHostAndPort) {
  const RouteTable table({route("a", "a.example"), route("b", "b.example")});
  EXPECT_EQ(matched(table, "b.example", 443), "b");
  EXPECT_EQ(matched(table, "c.example", 443), "");
  EXPECT_EQ(matched(table, "sub.a.example", 443), "");
  EXPECT_EQ(matched(table, "a.exampl", 443), "");
  EXPECT_EQ(matched(table, "", 443), "");
}

TEST(RouteTable, TakesTheFirstThatMatches) {
  const RouteTable table({route("first", "a.example"), route("hidden", "a.example"),
                          route("other-port", "a.example", {.any = false, .list = {8443, 9443}})});
  EXPECT_EQ(matched(table, "a.example", 443), "first");
  EXPECT_EQ(matched(table, "a.example", 9443), "other-port");
}

// D15
TEST(RouteTable, SaysWhenOnlyThePortDiffers) {
  const RouteTable table({route("a", "a.example")});
  const auto match = table.find("a.example", 8443);
  EXPECT_EQ(match.route, nullptr);
  ASSERT_NE(match.other_port_only, nullptr);
  EXPECT_EQ(match.other_port_only->name, "a");
  EXPECT_EQ(table.find("b.example", 8443).other_port_only, nullptr);
  EXPECT_EQ(table.find("a.example", 443).other_port_only, nullptr);
}

// D15
TEST(RouteTable, AnyPortCoversAll) {
  const RouteTable table({route("a", "a.example", {.any = true, .list = {}})});
  EXPECT_EQ(matched(table, "a.example", 1), "a");
  EXPECT_EQ(matched(table, "a.example", 65535), "a");
}

TEST(RouteTable, KeepsTheOrderOfTheFile) {
  const RouteTable table({route("z", "z.example"), route("a", "a.example")});
  ASSERT_EQ(table.routes().size(), 2U);
  EXPECT_EQ(table.routes()[0].name, "z");
}

TEST(RouteTable, MayBeEmpty) {
  EXPECT_EQ(RouteTable({}).find("a.example", 443).route, nullptr);
}

}  // namespace
}  // namespace cordon::inject
