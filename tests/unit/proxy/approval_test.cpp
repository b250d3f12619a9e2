// Routes whose binding nobody approved (D18): refused, and neither their store nor their origin is asked.
#include <gtest/gtest.h>

#include <atomic>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using test::ProxySetup;
using test::Wire;

/// Has the secret of the route `plain` only, and counts when it is asked for another.
class CountingSource final : public SecretSource {
 public:
  explicit CountingSource(std::shared_ptr<std::atomic<int>> others) : others_(std::move(others)) {}
  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point) const override {
    if (std::get<PluggedRef>(ref).key == "plain") return Secret(test::kSecret);
    ++*others_;
    return fail(Errc::secret_missing);
  }
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  std::shared_ptr<std::atomic<int>> others_;
};

ProxySetup with_unapproved_route(std::shared_ptr<std::atomic<int>> fetches) {
  ProxySetup setup;
  Route route = ProxySetup::make_route("new", "tls.test");
  route.approved = false;
  setup.config.routes.push_back(std::move(route));
  setup.source = std::make_unique<CountingSource>(std::move(fetches));
  return setup;
}

class Unapproved : public testing::Test {
 protected:
  std::string authority(std::string_view host) const {
    return std::string(host) + ":" + std::to_string(origin_.port());
  }

  std::shared_ptr<std::atomic<int>> fetches_ = std::make_shared<std::atomic<int>>(0);
  test::RunningProxy proxy_{with_unapproved_route(fetches_)};
  test::ManualOrigin origin_;
};

TEST_F(Unapproved, D18RequestsAreRefusedAndTheSecretIsNeverFetched) {
  Wire client = proxy_.connect();
  for (const char* method : {"GET", "POST"}) {
    client.send(std::string(method) + " http://" + authority("tls.test") +
                "/ HTTP/1.1\r\nHost: " + authority("tls.test") + "\r\nContent-Length: 0\r\n\r\n");
    const std::string reply = client.receive_message();
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 403 binding_unapproved\r\n")) << reply;
    EXPECT_NE(reply.find("\"route\":\"new\""), std::string::npos) << reply;
    EXPECT_NE(reply.find("cordon approve"), std::string::npos) << reply;
  }
  EXPECT_FALSE(origin_.is_called(20));
  EXPECT_EQ(*fetches_, 0);
}

TEST_F(Unapproved, D18RequestsInsideATunnelAreRefused) {
  Wire client = proxy_.connect();
  client.send("CONNECT " + authority("tls.test") + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.receive_head().starts_with("HTTP/1.1 200 "));
  client.send("GET / HTTP/1.1\r\nHost: " + authority("tls.test") + "\r\n\r\n");
  EXPECT_TRUE(client.receive_message().starts_with("HTTP/1.1 403 binding_unapproved\r\n"));
  EXPECT_FALSE(origin_.is_called(20));
  EXPECT_EQ(*fetches_, 0);
}

TEST_F(Unapproved, AWebSocketHandshakeIsRefused) {
  Wire client = proxy_.connect();
  client.send("GET http://" + authority("tls.test") + "/ HTTP/1.1\r\nHost: " + authority("tls.test") +
              "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_TRUE(client.receive_message().starts_with("HTTP/1.1 403 binding_unapproved\r\n"));
  EXPECT_FALSE(origin_.is_called(20));
  EXPECT_EQ(*fetches_, 0);
}

TEST_F(Unapproved, OtherRoutesWork) {
  Wire client = proxy_.connect();
  client.send("GET http://" + authority("origin.test") + "/ HTTP/1.1\r\nHost: " + authority("origin.test") +
              "\r\n\r\n");
  Wire origin = origin_.accept();
  EXPECT_NE(origin.receive_head().find(test::kSecret), std::string::npos);
}

}  // namespace
}  // namespace cordon::proxy
