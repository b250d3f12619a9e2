// Whole sessions through a listener, with a client and a server that are played message by message.
#include "proxy/postgres_session.hpp"

#include <csignal>
#include <thread>

#include "running_listener.hpp"

namespace cordon::proxy {
namespace {

using postgres::AuthenticationCode;
using test::LoggedIn;
using test::PostgresEnd;
using test::PostgresMessage;
using test::PostgresServerEnd;
using test::ProxySetup;

class PostgresSession : public test::ListenerTest {};

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

/// The host program's SIGPIPE is the default while it lives: it ends the process.
class DefaultSigpipe {
 public:
  DefaultSigpipe() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGPIPE, &standard, &before_);
  }
  DefaultSigpipe(const DefaultSigpipe&) = delete;
  DefaultSigpipe& operator=(const DefaultSigpipe&) = delete;
  ~DefaultSigpipe() { ::sigaction(SIGPIPE, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

// node-postgres sends a Terminate when it is ended before it is connected; a server closes without a word, too.
TEST_F(PostgresSession, AClientThatLeavesAtOnceIsToldNothing) {
  PostgresEnd client = connect();
  client.send('X', "");
  EXPECT_TRUE(client.wire.ends());
  EXPECT_TRUE(all_have_gone());
  EXPECT_EQ(proxy_->server->status().listeners.at(0).refused, 0U);
}

TEST_F(PostgresSession, BulkForAClientThatIsGoneRaisesNoSignal) {
  const DefaultSigpipe as_hosts_have_it;
  const std::string much(8'000'000, 'x');
  for (int i = 0; i < 5; ++i) {
    LoggedIn session = log_in();
    session.client.wire.end_writing();  // then its reset is an EPIPE to us
    std::jthread sending([&] { session.server.wire.send(much); });
    session.client.wire.receive(100'000);
    session.client.wire.close();
    sending.join();
    session.server.wire.close();
  }
  EXPECT_TRUE(all_have_gone());
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

/// Has an old password at first, and the right one from the second time on.
class RotatedSource final : public SecretSource {
 public:
  Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
    return Secret(fetches_++ == 0 ? std::string_view("0ld-0123456789") : test::kSecret);
  }
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  mutable std::atomic<int> fetches_ = 0;
};

ProxySetup with_rotated_secret() {
  ProxySetup setup;
  setup.config.routes.clear();
  setup.config.secrets.cache_ttl = std::chrono::minutes(1);
  setup.source = std::make_unique<RotatedSource>();
  return setup;
}

class PostgresRotation : public test::ListenerTest {
 protected:
  PostgresRotation() : ListenerTest(with_rotated_secret()) {}
};

TEST_F(PostgresRotation, PG16ARefusedPasswordIsFetchedAnewAndTheClientNeverKnows) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd refusing = accept();
  EXPECT_FALSE(refusing.log_in());
  PostgresServerEnd server = accept();
  EXPECT_TRUE(server.log_in());
  read_login(client);
  EXPECT_TRUE(refusing.wire.ends());
  EXPECT_FALSE(origin_.is_called());
  LoggedIn next = log_in();
  client.wire.send("1");
  next.client.wire.send("2");
  EXPECT_EQ(server.wire.receive(1) + next.server.wire.receive(1), "12");  // each has begun, and is counted
  EXPECT_EQ(proxy_->server->status().listeners.at(0).open, 2U);
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
  next.wire.send(test::startup_message("shop"));
  const PostgresMessage error = next.receive();
  EXPECT_EQ(test::sqlstate_of(error), "0A000");
  EXPECT_TRUE(next.wire.ends());
}

// What it began with is gone by then.
TEST_F(PostgresSession, IsReportedWithTheServerOfAReloadBeforeItsStartup) {
  PostgresEnd client = connect();
  while (proxy_->server->active_connections() == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  Listener other = listener_;
  other.upstream_host = "127.0.0.2";
  ASSERT_TRUE(reload({other}));
  client.wire.send(test::startup_message("shop"));
  EXPECT_EQ(test::sqlstate_of(client.receive()), "08001");
  const auto reports = proxy_->sink.wait_for(1);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].host, "127.0.0.2");
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

}  // namespace
}  // namespace cordon::proxy
