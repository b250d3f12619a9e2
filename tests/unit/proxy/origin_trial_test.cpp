#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cordon/ca_manager.hpp>
#include <cordon/demo_origin.hpp>
#include <cordon/diagnostics.hpp>

#include "net/asio.hpp"
#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Route route_to(std::string name, std::string host, std::vector<std::uint16_t> ports) {
  Route route;
  route.name = std::move(name);
  route.host = std::move(host);
  route.ports.list = std::move(ports);
  route.auth = HeaderAuth{.header_name = "Authorization", .scheme = "Bearer"};
  route.secret = EnvRef{.variable = "KEY"};
  return route;
}

class OriginTrialTest : public ::testing::Test {
 protected:
  OriginTrialTest() {
    options_.extra_roots_pem = origin_.ca_pem();
    options_.fixed_addresses["api.example"] = "127.0.0.1";
  }
  std::vector<OriginTrial> try_all() { return try_origins(config_, paths_, options_); }
  OriginTrial try_one(Route route) {
    config_.routes = {std::move(route)};
    auto trials = try_all();
    EXPECT_EQ(trials.size(), 1U);
    return trials.front();
  }

  test::TempDir folder_;
  CaPaths paths_{folder_ / "ca-cert.pem", folder_ / "ca-key.pem", folder_ / "combined-ca.pem"};
  DemoOrigin origin_ = std::move(*DemoOrigin::start("api.example"));
  Config config_;
  ProxyOptions options_;
};

TEST_F(OriginTrialTest, TellsOfAnOriginThatIsWell) {
  const auto trial = try_one(route_to("one", "api.example", {origin_.port()}));
  EXPECT_FALSE(trial.error) << trial.error->context;
  EXPECT_EQ(trial.name, "one");
  EXPECT_EQ(trial.port, origin_.port());
  EXPECT_TRUE(trial.tls);
  ASSERT_TRUE(trial.certificate_end);
  EXPECT_GT(*trial.certificate_end, std::chrono::system_clock::now());
}

TEST_F(OriginTrialTest, VerifiesAsTheProxyDoes) {
  const auto other = try_one(route_to("one", "127.0.0.1", {origin_.port()}));
  ASSERT_TRUE(other.error);
  EXPECT_EQ(other.error->code, Errc::upstream_tls);
  EXPECT_THAT(other.error->context, HasSubstr("another address"));
  options_.extra_roots_pem.clear();
  const auto unknown = try_one(route_to("one", "api.example", {origin_.port()}));
  ASSERT_TRUE(unknown.error);
  EXPECT_EQ(unknown.error->code, Errc::upstream_tls);
}

// T11: neither a CA of Cordon's making nor the one in use vouches for an origin.
TEST_F(OriginTrialTest, DoesNotTrustTheCaInUse) {
  folder_.write("ca-cert.pem", origin_.ca_pem());
  const auto trial = try_one(route_to("one", "api.example", {origin_.port()}));
  ASSERT_TRUE(trial.error);
  EXPECT_EQ(trial.error->code, Errc::config_invalid);  // of the roots that were given, none is left
}

TEST_F(OriginTrialTest, TriesARoutesPortsInTurn) {
  const auto trial = try_one(route_to("one", "api.example", {1, origin_.port()}));
  EXPECT_FALSE(trial.error);
  EXPECT_EQ(trial.port, origin_.port());
  const auto none = try_one(route_to("one", "api.example", {1, 2}));
  ASSERT_TRUE(none.error);
  EXPECT_EQ(none.port, 1);
  EXPECT_EQ(none.error->code, Errc::upstream_connect);
}

TEST_F(OriginTrialTest, KeepsTheConfigsOrder) {
  config_.routes = {route_to("dead", "api.example", {1}), route_to("well", "api.example", {origin_.port()}),
                    route_to("nameless", "nowhere.invalid", {443})};
  const auto trials = try_all();
  ASSERT_EQ(trials.size(), 3U);
  EXPECT_EQ(trials[0].error->code, Errc::upstream_connect);
  EXPECT_FALSE(trials[1].error);
  EXPECT_EQ(trials[2].error->code, Errc::upstream_dns);
}

TEST_F(OriginTrialTest, GivesUpOnAServerThatSaysNothing) {
  options_.timeouts.tls_handshake = 50ms;
  // A listening socket that nobody accepts from takes connections all the same.
  asio::io_context io{1};
  asio::ip::tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0});
  const auto trial = try_one(route_to("one", "api.example", {silent.local_endpoint().port()}));
  ASSERT_TRUE(trial.error);
  EXPECT_EQ(trial.error->code, Errc::upstream_timeout);
  EXPECT_GE(trial.took, 50ms);
}

TEST_F(OriginTrialTest, OnlyConnectsWhereTheRouteAllowsPlaintext) {
  Route route = route_to("plain", "api.example", {origin_.port()});
  route.allow_plaintext = true;
  const auto trial = try_one(route);
  EXPECT_FALSE(trial.error);
  EXPECT_FALSE(trial.tls);
  EXPECT_FALSE(trial.certificate_end);
  options_.fixed_addresses["api.example"] = "203.0.113.7";
  const auto refused = try_one(route);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Errc::destination_denied);
}

TEST_F(OriginTrialTest, TellsOfRootsThatCannotBeUsed) {
  config_.tls.upstream_ca_path = folder_ / "missing.pem";
  const auto trial = try_one(route_to("one", "api.example", {origin_.port()}));
  ASSERT_TRUE(trial.error);
  EXPECT_THAT(trial.error->context, HasSubstr("missing.pem"));
}

TEST_F(OriginTrialTest, RootsOfOneRouteThatCannotBeUsedAreNoFaultOfAnother) {
  config_.routes = {route_to("bad", "api.example", {origin_.port()}),
                    route_to("well", "api.example", {origin_.port()})};
  config_.routes[0].upstream_ca_path = folder_ / "missing.pem";
  const auto trials = try_all();
  ASSERT_EQ(trials.size(), 2U);
  ASSERT_TRUE(trials[0].error);
  EXPECT_THAT(trials[0].error->context, HasSubstr("missing.pem"));
  EXPECT_FALSE(trials[1].error) << trials[1].error->message();
}

TEST_F(OriginTrialTest, HasNothingToSayWithoutRoutes) {
  EXPECT_TRUE(try_all().empty());
}

}  // namespace
}  // namespace cordon
