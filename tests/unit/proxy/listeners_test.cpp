// Listeners as those who run a proxy see them: their ports, their status, their secrets, and what a reload says of them.
#include "running_listener.hpp"

namespace cordon::proxy {
namespace {

using test::ProxySetup;
using test::TempDir;

std::vector<Error> errors_of(ProxySetup setup, const TempDir& folder) {
  SecretStore store = setup.make_store();
  auto made =
      ProxyServer::create(std::move(setup.config), std::move(store), test::ca_paths(folder), std::move(setup.options));
  return made ? std::vector<Error>{} : std::move(made).error();
}

TEST(ListenersCreate, APortInUseNamesTheListener) {
  const test::ManualOrigin other;
  for (const unsigned workers : {1U, 2U}) {
    const TempDir folder;
    ProxySetup setup;
    setup.options.workers = workers;
    setup.config.listeners = {test::make_listener("free", 5432), test::make_listener("taken", 5432)};
    setup.config.listeners[1].port = other.port();
    const std::uint16_t free_one = setup.config.listeners[0].port;
    const auto errors = errors_of(std::move(setup), folder);
    ASSERT_EQ(errors.size(), 1U) << workers;
    EXPECT_EQ(errors[0].code, Errc::port_in_use);
    EXPECT_TRUE(errors[0].context.starts_with("listener \"taken\": ")) << errors[0].context;
    EXPECT_NE(errors[0].context.find(std::to_string(other.port())), std::string::npos) << errors[0].context;
    EXPECT_FALSE(test::connect_to(free_one).connected()) << "nothing of it is left";
  }
}

TEST(ListenersCreate, F1FailingSecretsNeverOpenAPort) {
  const TempDir folder;
  ProxySetup setup;
  setup.config.routes.clear();
  setup.config.listeners = {test::make_listener("db", 5432)};
  setup.source = std::make_unique<test::FixedSource>(Errc::secret_missing);
  const std::uint16_t port = setup.config.listeners[0].port;
  const auto errors = errors_of(std::move(setup), folder);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].context.find("listener \"db\""), std::string::npos) << errors[0].context;
  EXPECT_FALSE(test::connect_to(port).connected());
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

// For host programs, as with `listen`.
TEST(ListenersCreate, Port0TakesAnyFreeOneWhichAllWorkersShare) {
  for (const unsigned workers : {1U, 2U}) {
    ProxySetup setup;
    setup.options.workers = workers;
    setup.config.listeners = {test::make_listener("db", 5432)};
    setup.config.listeners[0].port = 0;
    const test::RunningProxy proxy(std::move(setup));
    const std::uint16_t port = proxy.server->status().listeners.at(0).port;
    EXPECT_NE(port, 0) << workers;
    EXPECT_TRUE(test::connect_to(port).connected()) << workers;
  }
}

class Listeners : public test::ListenerTest {
 protected:
  explicit Listeners(ProxySetup setup = {}) : ListenerTest(std::move(setup)) {}

  std::vector<std::string> warnings_of_reload(std::vector<Listener> listeners) {
    const auto report = reload(std::move(listeners));
    EXPECT_TRUE(report) << report.error().front().message();
    return report ? report->warnings : std::vector<std::string>{};
  }
  ListenerStatus status() const { return proxy_->server->status().listeners.at(0); }
};

TEST_F(Listeners, HaveAStatus) {
  EXPECT_EQ(proxy_->server->status().listeners.size(), 1U);
  const ListenerStatus fresh = status();
  EXPECT_EQ(fresh.name, "db");
  EXPECT_EQ(fresh.port, listener_.port);
  EXPECT_EQ(fresh.upstream, "127.0.0.1:" + std::to_string(origin_.port()));
  EXPECT_TRUE(fresh.approved);
  EXPECT_EQ(fresh.open + fresh.sessions + fresh.refused, 0U);
  EXPECT_FALSE(fresh.last_login);
  EXPECT_EQ(fresh.secret.source, describe(listener_.secret));
}

TEST_F(Listeners, CountARefusalAsASessionThatNeverBegan) {
  test::PostgresEnd client = connect();
  client.wire.send(std::string("\0\0\0\4", 4));
  EXPECT_EQ(test::sqlstate_of(client.receive()), "08P01");
  client.wire.receive_all();
  client.wire.close();
  proxy_->sink.wait_for(1);
  EXPECT_EQ(status().refused, 1U);
  EXPECT_EQ(status().sessions, 1U);
  EXPECT_FALSE(status().last_login);
}

TEST_F(Listeners, OfAReloadThatChangesNothingNothingIsSaid) {
  EXPECT_TRUE(warnings_of_reload({listener_}).empty());
}

TEST_F(Listeners, ANewOneTakesARestart) {
  const auto warnings = warnings_of_reload({listener_, test::make_listener("new", 5432)});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0], "the listener \"new\" is new, which takes a restart");
  const auto listeners = proxy_->server->status().listeners;
  ASSERT_EQ(listeners.size(), 2U);
  EXPECT_EQ(listeners[1].name, "new");
  EXPECT_EQ(listeners[1].port, 0) << "not bound";
}

TEST_F(Listeners, AnotherPortTakesARestart) {
  Listener moved = listener_;
  moved.port = test::free_port();
  const auto warnings = warnings_of_reload({moved});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0], "the port of the listener \"db\" has changed to " + std::to_string(moved.port) +
                             ", which takes a restart: it stays " + std::to_string(listener_.port));
  EXPECT_EQ(status().port, listener_.port);
  EXPECT_TRUE(connect().wire.connected());
}

TEST_F(Listeners, OneThatIsGoneRefusesSessionsUntilARestart) {
  const auto warnings = warnings_of_reload({});
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0], "the listener \"db\" is gone: its port, " + std::to_string(listener_.port) +
                             ", refuses sessions until a restart");
  EXPECT_TRUE(proxy_->server->status().listeners.empty());
  test::PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  EXPECT_EQ(test::sqlstate_of(client.receive()), "0A000");
  EXPECT_TRUE(warnings_of_reload({listener_}).empty()) << "it is back";
}

std::string encryption_request(bool gss) {
  base::WipedBuffer out;
  postgres::compose_ssl_request(out);
  std::string request(out.view());
  if (gss) ++request.back();  // 80877103 and 80877104
  return request;
}

TEST_F(Listeners, OneThatIsGoneHasNoEncryptionButAnAnswer) {
  test::PostgresEnd early = connect();  // from before the reload
  while (proxy_->server->active_connections() == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  warnings_of_reload({});
  early.wire.send(test::startup_message("shop"));
  EXPECT_EQ(test::sqlstate_of(early.receive()), "0A000");
  for (const bool gss : {false, true}) {
    test::PostgresEnd client = connect();
    client.wire.send(encryption_request(gss));
    EXPECT_EQ(client.wire.receive(1), "N") << gss;
    client.wire.send(test::startup_message("shop"));
    EXPECT_EQ(test::sqlstate_of(client.receive()), "0A000") << gss;
  }
  test::PostgresEnd direct = connect();
  direct.wire.send("\x16\x03\x01");
  EXPECT_TRUE(direct.wire.ends());
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(Listeners, AnotherNameIsBothAtOnce) {
  Listener renamed = listener_;
  renamed.name = "renamed";
  EXPECT_EQ(warnings_of_reload({renamed}).size(), 2U);
}

/// Counts what it is asked for, by key.
class CountingSource final : public SecretSource {
 public:
  explicit CountingSource(std::shared_ptr<std::atomic<int>> of_db) : of_db_(std::move(of_db)) {}
  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point) const override {
    if (std::get<PluggedRef>(ref).key == "db") ++*of_db_;
    return Secret(test::kSecret);
  }
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  std::shared_ptr<std::atomic<int>> of_db_;
};

ProxySetup with_source(std::shared_ptr<std::atomic<int>> of_db) {
  ProxySetup setup;
  setup.source = std::make_unique<CountingSource>(std::move(of_db));
  setup.config.secrets.cache_ttl = std::chrono::minutes(1);
  return setup;
}

struct Fetches {
  std::shared_ptr<std::atomic<int>> of_db = std::make_shared<std::atomic<int>>(0);
};

class ListenerSecrets : private Fetches, public Listeners {
 protected:
  ListenerSecrets() : Listeners(with_source(of_db)) {}

  int fetches() const { return *of_db; }
  void log_in() {
    test::PostgresEnd client = connect();
    client.wire.send(test::startup_message("shop"));
    test::PostgresServerEnd server = accept();
    EXPECT_TRUE(server.log_in());
    read_login(client);
  }
};

TEST_F(ListenerSecrets, AreFetchedAgainOnceForgotten) {
  EXPECT_EQ(fetches(), 1) << "by the start";
  EXPECT_TRUE(status().secret.held);
  log_in();
  EXPECT_EQ(fetches(), 1);
  EXPECT_TRUE(proxy_->server->forget_secret("db"));
  EXPECT_FALSE(status().secret.held);
  log_in();
  EXPECT_EQ(fetches(), 2);
  EXPECT_FALSE(proxy_->server->forget_secret("other"));
  EXPECT_TRUE(proxy_->server->forget_secret("plain")) << "a route";
  log_in();
  EXPECT_EQ(fetches(), 2);
}

}  // namespace
}  // namespace cordon::proxy
