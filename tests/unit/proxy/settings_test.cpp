// The steps of the start, as far as they concern listeners.
#include "proxy/settings.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <cordon/event_sink.hpp>

#include "support/temp_dir.hpp"
#include "unit/tls/test_certificates.hpp"

namespace cordon::proxy {
namespace {

using Errors = std::vector<Error>;

/// Which keys a store was asked for, and which it has not.
struct Ledger {
  std::mutex mutex;
  std::vector<std::string> asked;
  std::vector<std::string> missing;
};

class LedgerSource final : public SecretSource {
 public:
  explicit LedgerSource(std::shared_ptr<Ledger> ledger) : ledger_(std::move(ledger)) {}
  Result<Secret> fetch(const SecretRef& ref, std::chrono::steady_clock::time_point) const override {
    const std::string& key = std::get<PluggedRef>(ref).key;
    const std::lock_guard lock(ledger_->mutex);
    ledger_->asked.push_back(key);
    if (std::ranges::find(ledger_->missing, key) != ledger_->missing.end()) return fail(Errc::secret_missing);
    return Secret("value of " + key);
  }
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  std::shared_ptr<Ledger> ledger_;
};

Route make_route(std::string name) {
  Route route;
  route.name = name;
  route.host = name + ".example";
  route.ports.list = {443};
  route.auth = HeaderAuth{"Authorization", "Bearer"};
  route.secret = PluggedRef{"ledger", std::move(name)};
  return route;
}

Listener make_listener(std::string name, std::uint16_t port) {
  Listener listener;
  listener.name = name;
  listener.port = port;
  listener.upstream_host = name + ".example";
  listener.username = "role";
  listener.secret = PluggedRef{"ledger", std::move(name)};
  return listener;
}

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    config_.listen = 15'000;
    config_.secrets.cache_ttl = std::chrono::minutes(1);
    config_.routes = {make_route("stripe")};
    config_.listeners = {make_listener("db", 15'432), make_listener("db2", 15'433)};
  }

  std::expected<std::shared_ptr<const Settings>, Errors> build() {
    SecretStore store = SecretStore::create({}, {});
    store.plug("ledger", std::make_unique<LedgerSource>(ledger_));
    return build_settings(config_, std::move(store), paths_, {options_, null_sink(), metrics_, fetches_});
  }
  Errors errors() {
    auto built = build();
    return built ? Errors{} : std::move(built).error();
  }
  /// A file with a root of its own.
  std::filesystem::path write_root(std::string_view name) {
    const auto root = test::make_test_identity({.common_name = std::string(name), .authority = true});
    return folder_.write(name, test::to_pem(*root->certificate()));
  }
  bool was_asked_for(std::string_view key) const {
    return std::ranges::find(ledger_->asked, key) != ledger_->asked.end();
  }
  bool left_no_ca() const { return !std::filesystem::exists(paths_.cert.parent_path()); }

  test::TempDir folder_;
  const CaPaths paths_{folder_ / "certs/ca-cert.pem", folder_ / "certs/ca-key.pem", folder_ / "certs/combined-ca.pem"};
  std::shared_ptr<Ledger> ledger_ = std::make_shared<Ledger>();
  Config config_;
  ProxyOptions options_;
  Metrics metrics_;
  std::shared_ptr<net::BlockingPool> fetches_ = std::make_shared<net::BlockingPool>(8);
};

TEST_F(SettingsTest, EachListenerHasItsParts) {
  const auto built = build();
  ASSERT_TRUE(built) << built.error().front().message();
  const Settings& settings = **built;
  for (const char* name : {"db", "db2"}) {
    const Listener* const listener = settings.find_listener(name);
    ASSERT_NE(listener, nullptr);
    EXPECT_EQ(listener->name, name);
    const auto value = settings.of(*listener).secret->current();
    ASSERT_NE(value, nullptr) << "what the start has fetched";
    EXPECT_EQ(value->reveal(), "value of " + std::string(name));
    EXPECT_EQ(settings.of(*listener).counters, &metrics_.of_listener(name));
    EXPECT_EQ(settings.of(*listener).own_tls, nullptr);
    EXPECT_EQ(&settings.tls_for(*listener), settings.origin_tls.get());
  }
  EXPECT_EQ(settings.find_listener("stripe"), nullptr) << "a route";
  EXPECT_EQ(settings.find_listener(""), nullptr);
}

TEST_F(SettingsTest, F1SecretsOfListenersAreFetchedOnlyOnceThoseOfRoutesAreThere) {
  ledger_->missing = {"stripe", "db"};
  const auto told = errors();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].code, Errc::secret_missing);
  EXPECT_TRUE(told[0].context.starts_with("route \"stripe\": ")) << told[0].context;
  EXPECT_TRUE(was_asked_for("stripe"));
  EXPECT_FALSE(was_asked_for("db"));
  EXPECT_FALSE(was_asked_for("db2"));
}

TEST_F(SettingsTest, F1FailingSecretsOfListenersAreToldTogetherAndLeaveNoFiles) {
  ledger_->missing = {"db", "db2"};
  const auto told = errors();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[0].context.starts_with("listener \"db\": ")) << told[0].context;
  EXPECT_TRUE(told[1].context.starts_with("listener \"db2\": ")) << told[1].context;
  for (const Error& error : told)
    EXPECT_EQ(error.code, Errc::secret_missing);
  EXPECT_TRUE(left_no_ca());
}

TEST_F(SettingsTest, D18TheSecretOfAListenerThatIsNotApprovedIsLeftAlone) {
  config_.listeners[0].approved = false;
  ledger_->missing = {"db"};
  const auto built = build();
  ASSERT_TRUE(built) << built.error().front().message();
  EXPECT_FALSE(was_asked_for("db"));
  EXPECT_TRUE(was_asked_for("db2"));
  EXPECT_FALSE((*built)->find_listener("db")->approved);
}

TEST_F(SettingsTest, ListenersAndRoutesOfTheSameSecretShareIt) {
  config_.listeners[1].secret = config_.listeners[0].secret = config_.routes[0].secret;
  const auto built = build();
  ASSERT_TRUE(built) << built.error().front().message();
  const Settings& settings = **built;
  EXPECT_EQ(settings.of(settings.listeners[0]).secret, settings.of(settings.listeners[1]).secret);
  EXPECT_EQ(settings.of(settings.listeners[0]).secret, settings.of(settings.routes.routes()[0]).secret);
  EXPECT_EQ(ledger_->asked.size(), 1U);
}

TEST_F(SettingsTest, AListenersOwnRootsAreItsAlone) {
  config_.listeners[0].upstream_ca_path = write_root("db-roots.pem");
  const auto built = build();
  ASSERT_TRUE(built) << built.error().front().message();
  const Settings& settings = **built;
  const Listener& with = settings.listeners[0];
  const Listener& without = settings.listeners[1];
  ASSERT_NE(settings.of(with).own_tls, nullptr);
  EXPECT_EQ(&settings.tls_for(with), settings.of(with).own_tls.get());
  EXPECT_NE(&settings.tls_for(with), settings.origin_tls.get());
  EXPECT_EQ(&settings.tls_for(without), settings.origin_tls.get());
  EXPECT_EQ(&settings.tls_for(settings.routes.routes()[0]), settings.origin_tls.get());
}

TEST_F(SettingsTest, RootsThatCannotBeUsedAreToldTogetherAndLeaveNoFiles) {
  config_.routes[0].upstream_ca_path = folder_ / "of-the-route.pem";
  config_.listeners[0].upstream_ca_path = folder_ / "of-db.pem";
  config_.listeners[1].upstream_ca_path = folder_.write("of-db2.pem", "no certificate");
  const auto told = errors();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_NE(told[0].context.find("of-the-route.pem"), std::string::npos) << told[0].context;
  EXPECT_NE(told[1].context.find("of-db.pem"), std::string::npos) << told[1].context;
  EXPECT_NE(told[2].context.find("of-db2.pem"), std::string::npos) << told[2].context;
  EXPECT_EQ(told[0].code, Errc::file_missing);
  EXPECT_EQ(told[1].code, Errc::file_missing);
  EXPECT_EQ(told[2].code, Errc::config_invalid);
  EXPECT_TRUE(left_no_ca());
}

TEST_F(SettingsTest, FaultsOfListenersComeBeforeAnySecret) {
  config_.listeners[0].upstream_tls = UpstreamTls::disable;  // and its upstream is a name
  config_.listeners[1].name = "stripe";
  const auto told = errors();
  EXPECT_EQ(told.size(), 2U);
  for (const Error& error : told)
    EXPECT_EQ(error.code, Errc::config_invalid) << error.context;
  EXPECT_TRUE(ledger_->asked.empty());
}

TEST_F(SettingsTest, NothingIsVerifiedWhereNothingIsAskedOverTls) {
  config_.routes.clear();
  config_.listeners.resize(1);
  config_.listeners[0].upstream_host = "127.0.0.1";
  config_.listeners[0].upstream_tls = UpstreamTls::disable;
  const auto built = build();
  ASSERT_TRUE(built) << built.error().front().message();
  EXPECT_EQ((*built)->origin_tls, nullptr);
  config_.listeners[0].upstream_tls = UpstreamTls::verify_full;
  const auto with_tls = build();
  ASSERT_TRUE(with_tls) << with_tls.error().front().message();
  EXPECT_NE((*with_tls)->origin_tls, nullptr);
}

}  // namespace
}  // namespace cordon::proxy
