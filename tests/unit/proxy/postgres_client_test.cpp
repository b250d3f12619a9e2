// Which sessions a worker's new settings or tokens end.
#include "proxy/postgres_client.hpp"

#include <unistd.h>

#include <functional>

#include <gtest/gtest.h>

#include "tokens/token_value.hpp"

namespace cordon::proxy {
namespace {

Listener make_listener() {
  Listener listener;
  listener.name = "db";
  listener.port = 15'432;
  listener.upstream_host = "db.example";
  listener.username = "role";
  listener.secret = EnvRef{"DB_PASSWORD"};
  return listener;
}

std::shared_ptr<Settings> settings_with(std::vector<Listener> listeners, std::vector<std::uint32_t> allow_uids = {}) {
  auto settings = std::make_shared<Settings>(std::vector<Route>{}, std::move(listeners));
  settings->allow_uids = std::move(allow_uids);
  return settings;
}

Tokens tokens_with(std::vector<TokenInfo> infos) {
  std::vector<TokenEntry> entries;
  for (TokenInfo& info : infos) {
    const TokenDigest digest = tokens::digest_of(info.name);
    entries.push_back({std::move(info), digest});
  }
  return std::make_shared<const TokenSet>(std::move(entries));
}

/// A worker that does not run, with one session that is passing bytes on.
class SessionMembershipTest : public ::testing::Test {
 protected:
  SessionMembershipTest() {
    client_.peer = net::Peer{.uid = ::geteuid(), .inode = 0};
    client_.stage = PostgresClient::Stage::open;
  }

  /// Whether the session goes on with `next`.
  bool goes_on(std::shared_ptr<const Settings> next) {
    worker_.settings = std::move(next);
    worker_.sessions.end_unwelcome();
    return !client_.member.draining();
  }
  bool goes_on_with(const std::function<void(Listener&)>& change) {
    Listener listener = make_listener();
    change(listener);
    return goes_on(settings_with({std::move(listener)}));
  }
  bool goes_on_with_tokens(Tokens tokens) {
    worker_.tokens = std::move(tokens);
    return goes_on(worker_.settings);
  }
  /// As check_token does.
  void admit_by(const Tokens& tokens, std::string_view value) {
    worker_.tokens = tokens;
    client_.access = judge_session_token(value, tokens, "db").access;
    ASSERT_NE(client_.access.entry, nullptr);
  }

  Runtime runtime_{ProxyOptions{}};
  BlockingPools pools_;
  Worker worker_{runtime_, settings_with({make_listener()}), pools_};
  const std::string name_ = "db";
  PostgresClient client_{worker_, name_,
                         std::make_unique<net::TcpStream>(net::Socket(worker_.io.get_executor()), worker_.watchdog)};
};

TEST_F(SessionMembershipTest, GoesOnWhenNothingOfItHasChanged) {
  EXPECT_TRUE(goes_on(worker_.settings));
  EXPECT_TRUE(goes_on_with([](Listener&) {}));
}

TEST_F(SessionMembershipTest, GoesOnWhenOnlyTheNextSessionIsConcerned) {
  EXPECT_TRUE(goes_on_with([](Listener& listener) {
    listener.secret = EnvRef{"ANOTHER_PASSWORD"};
    listener.client_tls = ClientTls::require;
    listener.port = 15'433;
  }));
}

// K4
TEST_F(SessionMembershipTest, EndsWhenATokenIsDemandedAndItCameWithoutOne) {
  EXPECT_FALSE(goes_on_with([](Listener& listener) { listener.require_token = true; }));
}

TEST_F(SessionMembershipTest, GoesByTheNewSettingsBeforeItHasSaidWhatItWants) {
  client_.stage = PostgresClient::Stage::opening;
  EXPECT_TRUE(goes_on_with([](Listener& listener) { listener.require_token = true; }));
  client_.follow_reload();
  EXPECT_TRUE(client_.listener->require_token);
}

TEST_F(SessionMembershipTest, EndsInItsLoginWhateverHasChanged) {
  client_.stage = PostgresClient::Stage::logging_in;
  EXPECT_TRUE(goes_on(worker_.settings));
  EXPECT_FALSE(goes_on_with([](Listener&) {}));
}

TEST_F(SessionMembershipTest, EndsWhenItsListenerIsGone) {
  EXPECT_FALSE(goes_on(settings_with({})));
}

TEST_F(SessionMembershipTest, EndsWhenItsListenerHasAnotherName) {
  EXPECT_FALSE(goes_on_with([](Listener& listener) { listener.name = "other"; }));
}

TEST_F(SessionMembershipTest, D18EndsWhenItsListenerIsNotApprovedAnyMore) {
  EXPECT_FALSE(goes_on_with([](Listener& listener) { listener.approved = false; }));
}

class SessionMembershipChange : public SessionMembershipTest,
                                public ::testing::WithParamInterface<std::pair<const char*, void (*)(Listener&)>> {};

TEST_P(SessionMembershipChange, EndsASessionThatWouldLeadElsewhere) {
  EXPECT_FALSE(goes_on_with(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Of, SessionMembershipChange,
    ::testing::Values(std::pair{"Host", +[](Listener& listener) { listener.upstream_host = "db2.example"; }},
                      std::pair{"Port", +[](Listener& listener) { listener.upstream_port = 5433; }},
                      std::pair{"Role", +[](Listener& listener) { listener.username = "other"; }},
                      std::pair{"Tls", +[](Listener& listener) { listener.upstream_tls = UpstreamTls::disable; }}),
    [](const auto& change) { return std::string(change.param.first); });

TEST_F(SessionMembershipTest, K9EndsWhenItsUserIsNotAdmittedAnyMore) {
  client_.peer->uid = ::geteuid() + 1;
  EXPECT_TRUE(goes_on(settings_with({make_listener()}, {::geteuid() + 1})));
  EXPECT_FALSE(goes_on(settings_with({make_listener()})));
}

TEST_F(SessionMembershipTest, K4EndsWhenItsTokenIsRevoked) {
  const Tokens both = tokens_with({{"default", {}, {}}, {"codex", {}, {}}});
  admit_by(both, "codex");
  EXPECT_TRUE(goes_on_with_tokens(both));
  EXPECT_TRUE(goes_on_with_tokens(tokens_with({{"codex", {}, {}}})));
  EXPECT_TRUE(goes_on_with_tokens(tokens_with({{"codex", {}, {"db"}}})));
  EXPECT_FALSE(goes_on_with_tokens(tokens_with({{"default", {}, {}}})));
}

TEST_F(SessionMembershipTest, K7EndsWhenItsTokenIsForOthersOnly) {
  admit_by(tokens_with({{"codex", {}, {"db"}}}), "codex");
  EXPECT_FALSE(goes_on_with_tokens(tokens_with({{"codex", {}, {"other"}}})));
}

TEST_F(SessionMembershipTest, EndsWhenThereAreNoTokensAnyMore) {
  admit_by(tokens_with({{"codex", {}, {}}}), "codex");
  EXPECT_FALSE(goes_on_with_tokens(nullptr));
}

TEST_F(SessionMembershipTest, WithoutATokenTheyDoNotConcernIt) {
  EXPECT_TRUE(goes_on_with_tokens(tokens_with({{"codex", {}, {}}})));
  EXPECT_TRUE(goes_on_with_tokens(nullptr));
}

// It came to a port whose listener a reload has removed, and is about to be told.
TEST_F(SessionMembershipTest, AClientOfAListenerThatWasGoneBeforeIsLeftAlone) {
  worker_.settings = settings_with({});
  PostgresClient late(worker_, name_,
                      std::make_unique<net::TcpStream>(net::Socket(worker_.io.get_executor()), worker_.watchdog));
  EXPECT_EQ(late.listener, nullptr);
  worker_.sessions.end_unwelcome();
  EXPECT_FALSE(late.member.draining());
}

TEST_F(SessionMembershipTest, KeepsTheSettingsThatItBeganWith) {
  const std::weak_ptr<const Settings> before = client_.settings;
  EXPECT_FALSE(goes_on(settings_with({})));
  EXPECT_FALSE(before.expired());
  EXPECT_EQ(client_.listener->upstream_host, "db.example");
}

}  // namespace
}  // namespace cordon::proxy
