// Whole sessions through a listener, with a client and a server that are played message by message.
#include "proxy/postgres_session.hpp"

#include <dirent.h>

#include <functional>

#include "running_listener.hpp"

namespace cordon::proxy {
namespace {

using postgres::AuthenticationCode;
using test::PostgresEnd;
using test::PostgresMessage;
using test::PostgresServerEnd;
using test::ProxySetup;

Timeouts short_times() {
  Timeouts timeouts;
  timeouts.postgres_startup = std::chrono::milliseconds(300);
  timeouts.postgres_login = std::chrono::milliseconds(400);
  return timeouts;
}

/// A client that is logged in, and its server's end.
struct LoggedIn {
  PostgresEnd client;
  PostgresServerEnd server;
  std::string key;
};

class PostgresSession : public test::ListenerTest {
 protected:
  explicit PostgresSession(ProxySetup setup = {}) : ListenerTest(std::move(setup)) {}

  LoggedIn log_in() {
    PostgresEnd client = connect();
    client.wire.send(test::startup_message("shop"));
    PostgresServerEnd server = accept();
    EXPECT_TRUE(server.log_in());
    std::string key = read_login(client);
    return {std::move(client), std::move(server), std::move(key)};
  }

  ReloadOutcome reload(std::vector<Listener> listeners) {
    ProxySetup setup;
    setup.config.listeners = std::move(listeners);
    SecretStore store = setup.make_store();
    return proxy_->server->reload(std::move(setup.config), std::move(store), proxy_->ca());
  }
};

TEST_F(PostgresSession, PG8LogsInWithTheRealRoleAndPassword) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd server = accept();
  const std::string startup = server.receive_packet();
  EXPECT_NE(startup.find(std::string("user\0real_role\0", 15)), std::string::npos);
  EXPECT_NE(startup.find(std::string("database\0shop\0", 14)), std::string::npos);
  EXPECT_EQ(startup.find("somebody"), std::string::npos);
  server.ask_for_scram();
  server.go_on_with_scram();
  ASSERT_TRUE(server.end_scram()) << "the proof is not of the store's password";
  EXPECT_TRUE(client.wire.is_silent()) << "nothing before the server is content";
  server.authentication(AuthenticationCode::ok);
  server.be_ready();
  const PostgresMessage ok = client.receive();
  EXPECT_EQ(ok.type, 'R');
  EXPECT_EQ(ok.payload, std::string(4, '\0'));
  EXPECT_EQ(client.receive().type, 'Z');
}

TEST_F(PostgresSession, PassesBytesOnAfterTheLoginUnseen) {
  LoggedIn session = log_in();
  session.client.wire.send("no message at all");
  EXPECT_EQ(session.server.wire.receive(17), "no message at all");
  const std::string much(300'000, 'x');
  session.server.wire.send(much);
  EXPECT_EQ(session.client.wire.receive(much.size()), much);
}

TEST_F(PostgresSession, AFirstQueryThatCameWithTheStartupIsNotLost) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop") + "Q...");
  PostgresServerEnd server = accept();
  ASSERT_TRUE(server.log_in());
  EXPECT_EQ(server.wire.receive(4), "Q...");
}

TEST_F(PostgresSession, WhatTheServerSendsWithReadyForQueryIsNotLost) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd server = accept();
  server.receive_packet();
  server.ask_for_scram();
  server.go_on_with_scram();
  ASSERT_TRUE(server.end_scram());
  server.authentication(AuthenticationCode::ok);
  server.wire.send(std::string("Z\0\0\0\5I", 6) + "and more");
  read_login(client);
  EXPECT_EQ(client.wire.receive(8), "and more");
}

TEST_F(PostgresSession, IsReportedAsOneRecord) {
  LoggedIn session = log_in();
  session.client.wire.send("up");
  session.server.wire.receive(2);
  session.server.wire.send("down");
  session.client.wire.receive(4);
  EXPECT_EQ(proxy_->server->status().listeners.at(0).open, 1U);
  session.client.wire.close();
  session.server.wire.receive_all();
  session.server.wire.close();
  const auto reports = proxy_->sink.wait_for(1);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].route, "db");
  EXPECT_EQ(reports[0].method, "POSTGRES");
  EXPECT_EQ(reports[0].host, "127.0.0.1");
  EXPECT_EQ(reports[0].path, "/shop");
  EXPECT_EQ(reports[0].refusal, "");
  EXPECT_EQ(reports[0].up, 2U);
  EXPECT_EQ(reports[0].down, 4U);
  EXPECT_TRUE(reports[0].injected);
  EXPECT_TRUE(all_have_gone());
  const ListenerStatus status = proxy_->server->status().listeners.at(0);
  EXPECT_EQ(status.open, 0U);
  EXPECT_EQ(status.sessions, 1U);
  EXPECT_TRUE(status.last_login);
}

TEST_F(PostgresSession, PG13ACancelRequestGoesOnWithTheServersOwnKey) {
  LoggedIn session = log_in();
  ASSERT_EQ(session.key.size(), 8U);
  EXPECT_NE(session.key, std::string("\0\0\x12\x67real", 8));
  const auto key = postgres::parse_backend_key(base::as_bytes(session.key));
  ASSERT_TRUE(key);
  base::WipedBuffer request;
  postgres::compose_cancel_request(*key, request);
  PostgresEnd canceller = connect();
  canceller.wire.send(request.view());
  PostgresServerEnd server = accept();
  EXPECT_EQ(server.receive_packet(), std::string("\x04\xd2\x16\x2e\0\0\x12\x67real", 12));
  server.wire.close();
  EXPECT_TRUE(canceller.wire.ends());

  session.client.wire.close();
  EXPECT_TRUE(session.server.wire.ends());
  session.server.wire.close();
  ASSERT_TRUE(all_have_gone());
  PostgresEnd late = connect();
  late.wire.send(request.view());
  EXPECT_TRUE(late.wire.ends()) << "nobody is told";
  EXPECT_FALSE(origin_.is_called()) << "nor is the server, after the session's end";
}

TEST_F(PostgresSession, AServerThatRefusesItsPasswordIsNotQuoted) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd server = accept();
  server.receive_packet();
  server.refuse(postgres::kInvalidPassword);
  const PostgresMessage error = client.receive();
  EXPECT_EQ(test::sqlstate_of(error), "28P01");
  EXPECT_FALSE(error.has("real_role"));
  EXPECT_TRUE(error.has("upstream_auth")) << error.payload;
  EXPECT_TRUE(client.wire.ends());
  EXPECT_FALSE(origin_.is_called()) << "the store says the same";
  EXPECT_EQ(proxy_->sink.wait_for(1).front().refusal, "upstream_auth");
}

TEST_F(PostgresSession, D18AListenerThatIsNotApprovedAsksNobody) {
  Listener unapproved = listener_;
  unapproved.approved = false;
  ASSERT_TRUE(reload({unapproved}));
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  const PostgresMessage error = client.receive();
  EXPECT_EQ(test::sqlstate_of(error), "28000");
  EXPECT_TRUE(error.has("binding_unapproved")) << error.payload;
  EXPECT_FALSE(origin_.is_called());
}

TEST_F(PostgresSession, AReloadThatRemovesItsListenerEndsIt) {
  LoggedIn session = log_in();
  ASSERT_TRUE(reload({}));
  EXPECT_TRUE(session.client.wire.ends());
  EXPECT_TRUE(session.server.wire.ends());
  PostgresEnd next = connect();
  const PostgresMessage error = next.receive();
  EXPECT_EQ(test::sqlstate_of(error), "0A000");
  EXPECT_TRUE(next.wire.ends());
}

TEST_F(PostgresSession, AReloadThatLeadsItsListenerElsewhereEndsIt) {
  LoggedIn session = log_in();
  Listener other = listener_;
  ASSERT_TRUE(reload({other}));
  EXPECT_TRUE(session.client.wire.is_silent()) << "nothing of it has changed";
  other.username = "another_role";
  ASSERT_TRUE(reload({other}));
  EXPECT_TRUE(session.client.wire.ends());
  EXPECT_TRUE(session.server.wire.ends());
}

TEST_F(PostgresSession, Q6AGracefulStopEndsIdleSessionsAtOnce) {
  LoggedIn session = log_in();
  proxy_->server->stop(StopMode::graceful);
  const auto began = std::chrono::steady_clock::now();
  proxy_->join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_TRUE(session.client.wire.ends());
  EXPECT_TRUE(session.server.wire.ends());
  EXPECT_EQ(proxy_->server->active_connections(), 0U);
}

TEST_F(PostgresSession, Q6AGracefulStopEndsClientsThatHaveNotSaidWhatTheyWant) {
  PostgresEnd silent = connect();
  PostgresEnd slow = connect();
  slow.wire.send(test::startup_message("shop").substr(0, 9));
  while (proxy_->server->active_connections() < 2)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  proxy_->server->stop(StopMode::graceful);
  proxy_->join();
  EXPECT_TRUE(silent.wire.ends());
  EXPECT_TRUE(slow.wire.ends());
}

TEST_F(PostgresSession, Q6AGracefulStopLetsALoginFinishThenEndsTheSession) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd server = accept();
  server.receive_packet();
  proxy_->server->stop(StopMode::graceful);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(proxy_->has_ended());
  server.ask_for_scram();
  server.go_on_with_scram();
  ASSERT_TRUE(server.end_scram());
  server.authentication(AuthenticationCode::ok);
  server.be_ready();
  proxy_->join();
  client.wire.receive_all();
  EXPECT_TRUE(server.wire.ends());
}

TEST_F(PostgresSession, Q6AnImmediateStopEndsALogin) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd server = accept();
  server.receive_packet();
  proxy_->server->stop(StopMode::immediate);
  proxy_->join();
  EXPECT_EQ(client.wire.receive_all().find("real_role"), std::string::npos);
  EXPECT_TRUE(server.wire.ends());
}

int open_descriptors() {
  int count = 0;
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  while (::readdir(folder) != nullptr)
    ++count;
  ::closedir(folder);
  return count;
}

enum class Side : unsigned char { client, server };
enum class Manner : unsigned char { orderly, reset };

/// A session that is cut off somewhere.
class Conversation {
 public:
  static constexpr std::size_t kConnected = 2;  // steps after which the server has a connection
  static constexpr std::size_t kReady = 9;      // steps after which the client is logged in

  Conversation(PostgresEnd client, std::function<PostgresServerEnd()> accept)
      : client_(std::move(client)), accept_(std::move(accept)) {}

  static std::size_t size() { return steps().size(); }

  void go(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      steps()[i](*this);
  }

  void cut(Side side, Manner how) {
    Wire& wire = side == Side::client ? client_.wire : server_->wire;
    how == Manner::orderly ? wire.close() : wire.reset();
  }

  /// What the side that is still there gets until its own end.
  std::string rest_of(Side side) {
    if (side == Side::server && !server_) return "";
    Wire& wire = side == Side::client ? client_.wire : server_->wire;
    std::string rest = wire.receive_all();
    wire.close();
    return rest;
  }

 private:
  using Wire = test::Wire;
  using Step = void (*)(Conversation&);

  static const std::vector<Step>& steps() {
    static const std::vector<Step> all = {
        [](Conversation& c) { c.client_.wire.send(test::startup_message("shop").substr(0, 20)); },
        [](Conversation& c) {
          c.client_.wire.send(test::startup_message("shop").substr(20));
          c.server_.emplace(c.accept_());
        },
        [](Conversation& c) { EXPECT_NE(c.server_->receive_packet(), ""); },
        [](Conversation& c) { c.server_->ask_for_scram(); },
        [](Conversation& c) { c.server_->go_on_with_scram(); },
        [](Conversation& c) { EXPECT_TRUE(c.server_->end_scram()); },
        [](Conversation& c) { c.server_->authentication(AuthenticationCode::ok); },
        [](Conversation& c) { c.server_->give_key(4711, "real"); },
        [](Conversation& c) {
          c.server_->be_ready();
          while (c.client_.receive().type != 'Z') {
          }
        },
        [](Conversation& c) {
          c.client_.send('Q', "SELECT 1");
          EXPECT_EQ(c.server_->receive().type, 'Q');
        },
        [](Conversation& c) { c.server_->wire.send("half of an ans"); },
        [](Conversation& c) { EXPECT_EQ(c.client_.wire.receive(4), "half"); },
    };
    return all;
  }

  PostgresEnd client_;
  std::function<PostgresServerEnd()> accept_;
  std::optional<PostgresServerEnd> server_;
};

class PostgresSessionCut : public PostgresSession, public ::testing::WithParamInterface<std::tuple<Side, Manner>> {
 protected:
  PostgresSessionCut() : PostgresSession(test::with_timeouts(short_times())) {}

  Conversation converse() {
    return Conversation(connect(), [this] { return accept(); });
  }
};

// PG20, at every step of a session: the other end is ended, whoever is told is told properly, and descriptors come back.
TEST_P(PostgresSessionCut, PG20AnEndAtAnyStepEndsTheSession) {
  const auto [side, how] = GetParam();
  {
    Conversation warm_up = converse();  // what stays open for all sessions
    warm_up.go(Conversation::size());
  }
  ASSERT_TRUE(all_have_gone());
  const int before = open_descriptors();
  for (std::size_t step = side == Side::client ? 0 : Conversation::kConnected; step <= Conversation::size(); ++step) {
    SCOPED_TRACE("after step " + std::to_string(step));
    Conversation conversation = converse();
    conversation.go(step);
    conversation.cut(side, how);
    const std::string rest = conversation.rest_of(side == Side::client ? Side::server : Side::client);
    if (side == Side::server && step < Conversation::kReady) {
      EXPECT_EQ(rest.find("real_role"), std::string::npos);
      EXPECT_NE(rest.find("C08001"), std::string::npos) << rest;
      EXPECT_EQ(rest.find(std::string("Z\0\0\0\5", 5)), std::string::npos) << "the client was never logged in";
    }
    ASSERT_TRUE(all_have_gone());
    EXPECT_EQ(open_descriptors(), before);
  }
  EXPECT_EQ(proxy_->server->status().listeners.at(0).open, 0U);
}

INSTANTIATE_TEST_SUITE_P(Of, PostgresSessionCut,
                         ::testing::Combine(::testing::Values(Side::client, Side::server),
                                            ::testing::Values(Manner::orderly, Manner::reset)),
                         [](const auto& cut) {
                           const std::string side = std::get<0>(cut.param) == Side::client ? "Client" : "Server";
                           return side + (std::get<1>(cut.param) == Manner::orderly ? "Ends" : "Resets");
                         });

class PostgresSessionSlow : public PostgresSession {
 protected:
  PostgresSessionSlow() : PostgresSession(test::with_timeouts(short_times())) {}

  Conversation converse_until(std::size_t step) {
    Conversation conversation(connect(), [this] { return accept(); });
    conversation.go(step);
    return conversation;
  }
};

TEST_F(PostgresSessionSlow, PG17AClientThatDoesNotSayWhatItWantsIsClosed) {
  for (const std::size_t sent : {std::size_t{0}, std::size_t{3}, std::size_t{20}}) {
    PostgresEnd client = connect();
    client.wire.send(test::startup_message("shop").substr(0, sent));
    EXPECT_TRUE(client.wire.ends()) << sent;
  }
  EXPECT_TRUE(all_have_gone());
}

TEST_F(PostgresSessionSlow, AServerThatIsSilentAtAnyStepOfTheLoginIsGivenUp) {
  for (std::size_t step = Conversation::kConnected; step < Conversation::kReady; ++step) {
    SCOPED_TRACE("after step " + std::to_string(step));
    Conversation conversation = converse_until(step);
    const std::string told = conversation.rest_of(Side::client);
    EXPECT_NE(told.find("upstream_timeout"), std::string::npos) << told;
    EXPECT_NE(told.find("C08001"), std::string::npos) << told;
    conversation.rest_of(Side::server);
    EXPECT_TRUE(all_have_gone());
  }
}

}  // namespace
}  // namespace cordon::proxy
