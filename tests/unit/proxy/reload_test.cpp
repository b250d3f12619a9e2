// What a reload keeps, takes over and ends.
#include <thread>

#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::ProxySetup;
using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
constexpr std::string_view kRotated = "r0tated-0123456789";

class RotatedSource final : public SecretSource {
 public:
  Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
    return Secret(kRotated);
  }
  FetchCost cost() const noexcept override { return FetchCost::immediate; }
};

class Reload : public test::ProxyTest {
 protected:
  ReloadOutcome reload(ProxySetup setup) {
    SecretStore store = setup.make_store();
    return proxy_.server->reload(std::move(setup.config), std::move(store), proxy_.ca());
  }

  static ProxySetup without_the_route() {
    ProxySetup setup;
    setup.config.routes.front() = ProxySetup::make_route("another", "another.test");
    return setup;
  }

  static ProxySetup with_another_secret() {
    ProxySetup setup;
    setup.source = std::make_unique<RotatedSource>();
    return setup;
  }

  /// A tunnel to the route's host; requests inside it need no TLS.
  void open_tunnel() {
    client_.send("CONNECT " + authority() + " HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 200 "));
  }
  std::string inner_request() const { return "GET / HTTP/1.1\r\nHost: " + authority() + "\r\n\r\n"; }
};

TEST_F(Reload, ARouteThatStaysKeepsItsTunnelAndGetsTheNewSecret) {
  open_tunnel();
  Wire origin = send_to_new_origin(inner_request());
  EXPECT_TRUE(has(seen_, test::kSecret));
  origin.send(kOk);
  client_.receive_message();

  ASSERT_TRUE(reload(with_another_secret()));
  Wire again = send_to_new_origin(inner_request());
  EXPECT_TRUE(has(seen_, kRotated)) << seen_;
  again.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
}

TEST_F(Reload, AnIdleTunnelOfARouteThatIsGoneIsClosed) {
  open_tunnel();
  Wire origin = send_to_new_origin(inner_request());
  origin.send(kOk);
  client_.receive_message();
  ASSERT_TRUE(reload(without_the_route()));
  EXPECT_TRUE(client_.ends());
}

TEST_F(Reload, ARequestUnderWayEndsWithWhatItBeganWithAndTheTunnelAfterIt) {
  open_tunnel();
  Wire origin = send_to_new_origin(inner_request());
  ASSERT_TRUE(reload(without_the_route()));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  EXPECT_TRUE(client_.ends());
}

TEST_F(Reload, AConnectionThatOldSettingsVerifiedIsNotUsedAgain) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  ASSERT_TRUE(reload({}));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  Wire another = send_to_new_origin(request("GET", "/"));
  EXPECT_TRUE(has(seen_, test::kSecret));
  another.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
}

TEST_F(Reload, TwoAtOnceGoOneAfterTheOther) {
  std::thread other([this] { EXPECT_TRUE(reload(with_another_secret())); });
  EXPECT_TRUE(reload(with_another_secret()));
  other.join();
  EXPECT_EQ(proxy_.server->status().reloads, 2U);
  Wire origin = send_to_new_origin(request("GET", "/"));
  EXPECT_TRUE(has(seen_, kRotated)) << seen_;
}

TEST_F(Reload, AnAbsoluteFormRequestAfterItIsServedByTheNewRoutes) {
  ASSERT_TRUE(reload(without_the_route()));
  client_.send(request("GET", "/"));
  EXPECT_EQ(receive_refusal(), "403 destination_denied");  // unmatched now, and on this machine
}

TEST_F(Reload, AWebsocketOfARouteThatIsGoneIsClosed) {
  Wire origin = send_to_new_origin(request("GET", "/",
                                           "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
  origin.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_TRUE(client_.receive_head().starts_with("HTTP/1.1 101 "));
  ASSERT_TRUE(reload(without_the_route()));
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(origin.ends());
}

TEST_F(Reload, AFailingSecretIsToldAndLeavesEverythingAsItWas) {
  ProxySetup broken = without_the_route();
  broken.config.routes.push_back(ProxySetup::make_route("second", "second.test"));
  broken.source = std::make_unique<test::FixedSource>(Errc::store_unavailable);
  const auto failed = reload(std::move(broken));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().size(), 2U);
  Wire origin = send_to_new_origin(request("GET", "/"));
  EXPECT_TRUE(has(seen_, test::kSecret));
  EXPECT_EQ(proxy_.server->status().reloads, 0U);
}

TEST_F(Reload, AFaultyConfigIsToldAndLeavesEverythingAsItWas) {
  ProxySetup broken;
  broken.config.routes.front().host = "not a host";
  const auto failed = reload(std::move(broken));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().front().code, Errc::config_invalid);
  EXPECT_EQ(proxy_.server->status().routes.front().host, "origin.test");
}

TEST_F(Reload, AChangedPortTakesARestartAndSaysSo) {
  ProxySetup moved;
  moved.config.listen = 1;
  const auto report = reload(std::move(moved));
  ASSERT_TRUE(report);
  ASSERT_EQ(report->warnings.size(), 1U);
  EXPECT_TRUE(has(report->warnings[0], "takes a restart")) << report->warnings[0];
  Wire origin = send_to_new_origin(request("GET", "/"));
  EXPECT_TRUE(has(seen_, test::kSecret));
}

TEST_F(Reload, CountsAreKeptByTheRoutesName) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send(kOk);
  client_.receive_message();
  proxy_.sink.wait_for(1);
  ASSERT_TRUE(reload(with_another_secret()));
  const ProxyStatus status = proxy_.server->status();
  ASSERT_EQ(status.routes.size(), 1U);
  EXPECT_EQ(status.routes[0].requests, 1U);
  EXPECT_EQ(status.routes[0].injected, 1U);
  EXPECT_TRUE(status.routes[0].last_injection);
  EXPECT_EQ(status.reloads, 1U);
}

TEST_F(Reload, D18AnUnapprovedRouteIsRefusedAndItsSecretNotFetched) {
  ProxySetup setup;
  setup.config.routes.front().approved = false;
  setup.source = std::make_unique<test::FixedSource>(Errc::store_unavailable);  // asked, it would fail the reload
  ASSERT_TRUE(reload(std::move(setup)));
  client_.send(request("GET", "/"));
  EXPECT_EQ(receive_refusal(), "403 binding_unapproved");
}

TEST(ReloadBeforeRun, ItHoldsForTheFirstConnection) {
  const test::TempDir folder;
  ProxySetup setup;
  SecretStore store = setup.make_store();
  auto made = ProxyServer::create(setup.config, std::move(store), test::ca_paths(folder), setup.options);
  ASSERT_TRUE(made);
  ProxySetup next;
  next.config.routes.front().name = "renamed";
  SecretStore next_store = next.make_store();
  ASSERT_TRUE(made->reload(next.config, std::move(next_store), test::ca_paths(folder)));
  EXPECT_EQ(made->status().routes.front().name, "renamed");
}

}  // namespace
}  // namespace cordon::proxy
