// How a running proxy fetches secrets, and that it gives them to verified origins only.
#include <gtest/gtest.h>

#include <cordon/demo_origin.hpp>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using std::chrono::milliseconds;
using test::ProxySetup;
using test::RunningProxy;
using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::string ask(std::uint16_t port, std::string_view path) {
  const std::string authority = "origin.test:" + std::to_string(port);
  return "GET http://" + authority + std::string(path) + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
}

/// Lets fetches for the route `slow` wait until it is opened, and counts them. The first of each route is the check at
/// the start, which passes.
class GatedSource final : public SecretSource {
 public:
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = true;
    int fetches = 0;
  };
  explicit GatedSource(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}

  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point deadline) const override {
    if (std::get<PluggedRef>(ref).key != "slow") return Secret(test::kSecret);
    std::unique_lock lock(gate_->mutex);
    ++gate_->fetches;
    gate_->changed.notify_all();
    if (!gate_->changed.wait_until(lock, deadline, [this] { return gate_->open; })) return fail(Errc::secret_timeout);
    return Secret(test::kSecret);
  }
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  std::shared_ptr<Gate> gate_;
};

TEST(ProxySecrets, Q9Q10ASlowFetchIsSharedAndDelaysNoOtherRoute) {
  const auto gate = std::make_shared<GatedSource::Gate>();
  ProxySetup setup;
  setup.config.routes.push_back(ProxySetup::make_route("slow", "tls.test"));
  setup.config.secrets.cache_ttl = std::chrono::minutes(1);
  setup.source = std::make_unique<GatedSource>(gate);
  RunningProxy proxy(std::move(setup));
  {
    const std::lock_guard lock(gate->mutex);
    gate->open = false;
    gate->fetches = 0;
  }
  EXPECT_TRUE(proxy.server->forget_secret("slow")) << "what the start has fetched";
  EXPECT_FALSE(proxy.server->forget_secret("other"));
  test::ManualOrigin origin;
  const std::string authority = "tls.test:" + std::to_string(origin.port());
  std::vector<Wire> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.push_back(proxy.connect());
    waiting.back().send("GET http://" + authority + "/slow HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
  }
  {
    std::unique_lock lock(gate->mutex);
    EXPECT_TRUE(gate->changed.wait_for(lock, milliseconds(test::kPatienceMs), [&] { return gate->fetches > 0; }));
  }
  Wire other = proxy.connect();
  other.send(ask(origin.port(), "/fast"));
  Wire fast = origin.accept();
  EXPECT_TRUE(fast.receive_head().starts_with("GET /fast "));
  fast.send(kOk);
  EXPECT_TRUE(other.receive_message().ends_with("ok"));

  {
    const std::lock_guard lock(gate->mutex);
    gate->open = true;
    gate->changed.notify_all();
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    Wire connection = origin.accept();
    EXPECT_NE(connection.receive_head().find(test::kSecret), std::string::npos);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  }
  for (Wire& client : waiting)
    EXPECT_TRUE(client.receive_message().ends_with("ok"));
  const std::lock_guard lock(gate->mutex);
  EXPECT_EQ(gate->fetches, 1);
}

/// Gives another value each time.
class NumberedSource final : public SecretSource {
 public:
  explicit NumberedSource(FetchCost cost) : cost_(cost) {}
  Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
    return Secret("number-" + std::to_string(++fetches_));
  }
  FetchCost cost() const noexcept override { return cost_; }

 private:
  FetchCost cost_;
  mutable std::atomic<int> fetches_ = 0;
};

/// One request through the proxy; the origin answers with `status`. @returns the number of the secret that it got
char secret_of_request(RunningProxy& proxy, test::ManualOrigin& origin, int status) {
  Wire client = proxy.connect();
  client.send(ask(origin.port(), "/"));
  Wire connection = origin.accept();
  const std::string head = connection.receive_head();
  connection.send("HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.receive_head().starts_with("HTTP/1.1 " + std::to_string(status)));
  const auto at = head.find("number-");
  return at == std::string::npos ? '?' : head[at + 7];
}

TEST(ProxySecrets, AreKeptUntilTheOriginRefusesThem) {
  for (const FetchCost cost : {FetchCost::may_block, FetchCost::immediate}) {
    for (const int refusal : {401, 403}) {
      ProxySetup setup;
      setup.config.secrets.cache_ttl = std::chrono::minutes(1);
      setup.source = std::make_unique<NumberedSource>(cost);
      RunningProxy proxy(std::move(setup));
      test::ManualOrigin origin;
      for (const int status : {200, 404, 407, 500, refusal})
        EXPECT_EQ(secret_of_request(proxy, origin, status), '1') << status;
      EXPECT_EQ(secret_of_request(proxy, origin, refusal), '2') << "the start fetched the first";
      EXPECT_EQ(secret_of_request(proxy, origin, 200), '2') << "dropped once in 5 s";
    }
  }
}

TEST(ProxySecrets, AreFetchedForEachRequestWhenNothingIsKept) {
  for (const FetchCost cost : {FetchCost::may_block, FetchCost::immediate}) {
    ProxySetup setup;
    setup.source = std::make_unique<NumberedSource>(cost);
    RunningProxy proxy(std::move(setup));
    test::ManualOrigin origin;
    for (const char number : {'2', '3', '4'})
      EXPECT_EQ(secret_of_request(proxy, origin, 200), number);
  }
}

TEST(ProxySecrets, AreToldOfByStatusAndMetrics) {
  ProxySetup setup;
  setup.config.secrets.cache_ttl = std::chrono::minutes(1);
  setup.source = std::make_unique<NumberedSource>(FetchCost::may_block);
  RunningProxy proxy(std::move(setup));
  const SecretStatus status = proxy.server->status().routes.at(0).secret;
  EXPECT_EQ(status.source, describe(PluggedRef{"test", "plain"}));
  EXPECT_TRUE(status.held);
  EXPECT_TRUE(status.fetched);
  EXPECT_FALSE(status.last_error);
  const std::string figures = proxy.server->metrics();
  for (const std::string_view line : {"cordon_secret_fetch_failures_total{source=\"plugged\"} 0\n",
                                      "cordon_secret_fetch_duration_seconds_bucket{source=\"plugged\",le=\"0.005\"} ",
                                      "cordon_secret_fetch_duration_seconds_bucket{source=\"plugged\",le=\"+Inf\"} 1\n",
                                      "cordon_secret_fetch_duration_seconds_count{source=\"plugged\"} 1\n",
                                      "cordon_secret_fetch_duration_seconds_count{source=\"1password\"} 0\n"})
    EXPECT_NE(figures.find(line), std::string::npos) << line << "\n" << figures;
}

TEST(ProxySecrets, AStopDoesNotWaitForAFetch) {
  const auto gate = std::make_shared<GatedSource::Gate>();
  ProxySetup setup;
  setup.config.routes.push_back(ProxySetup::make_route("slow", "tls.test"));
  setup.source = std::make_unique<GatedSource>(gate);
  RunningProxy proxy(std::move(setup));
  {
    const std::lock_guard lock(gate->mutex);
    gate->open = false;
    gate->fetches = 0;
  }
  Wire client = proxy.connect();
  client.send("GET http://tls.test/ HTTP/1.1\r\nHost: tls.test\r\n\r\n");
  {
    std::unique_lock lock(gate->mutex);
    EXPECT_TRUE(gate->changed.wait_for(lock, milliseconds(test::kPatienceMs), [&] { return gate->fetches > 0; }));
  }
  proxy.server->stop(StopMode::immediate);
  proxy.join();
  EXPECT_TRUE(client.ends());
  const std::lock_guard lock(gate->mutex);
  gate->open = true;
  gate->changed.notify_all();
}

class BehindTls : public testing::Test {
 protected:
  static constexpr std::string_view kRequired = "Authorization: Bearer c4n4ry-0123456789";

  std::unique_ptr<RunningProxy> start(std::string roots) {
    ProxySetup setup;
    Route& route = setup.config.routes.front();
    route.host = "tls.test";
    route.allow_plaintext = false;
    setup.options.extra_roots_pem = std::move(roots);
    return std::make_unique<RunningProxy>(std::move(setup));
  }
};

TEST_F(BehindTls, AnInterceptedRequestCarriesTheCredential) {
  auto origin = DemoOrigin::start("tls.test", std::string(kRequired));
  ASSERT_TRUE(origin);
  const auto proxy = start(origin->ca_pem());
  for (int i = 0; i < 3; ++i) {
    const auto exchange =
        demo_request(proxy->server->port(), "tls.test", origin->port(), proxy->ca_pem(), "Authorization: Bearer dummy");
    ASSERT_TRUE(exchange) << exchange.error().message();
    EXPECT_EQ(exchange->status, 200) << exchange->received;
    EXPECT_EQ(exchange->received.find("dummy"), std::string::npos);
  }
}

TEST_F(BehindTls, T5AnOriginThatIsNotTrustedNeverSeesTheCredential) {
  auto origin = DemoOrigin::start("tls.test", std::string(kRequired));
  ASSERT_TRUE(origin);
  const auto proxy = start({});
  const auto exchange =
      demo_request(proxy->server->port(), "tls.test", origin->port(), proxy->ca_pem(), "Authorization: Bearer dummy");
  ASSERT_TRUE(exchange) << exchange.error().message();
  EXPECT_EQ(exchange->status, 502);
  EXPECT_NE(exchange->received.find("\"error\":\"upstream_tls\""), std::string::npos) << exchange->received;
  EXPECT_FALSE(proxy->sink.wait_for(1).front().injected);
}

TEST_F(BehindTls, AClientThatTrustsTheOriginsRootOnlySeesThatItIsIntercepted) {
  auto origin = DemoOrigin::start("tls.test", std::string(kRequired));
  ASSERT_TRUE(origin);
  const auto proxy = start(origin->ca_pem());
  EXPECT_FALSE(demo_request(proxy->server->port(), "tls.test", origin->port(), origin->ca_pem(), "X: 1"))
      << "the client took a certificate of Cordon's for the origin's";
}

}  // namespace
}  // namespace cordon::proxy
