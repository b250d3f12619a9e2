// How sessions through a listener end: the proxy stops, one side goes away at any step, or is silent for too long.
#include <dirent.h>

#include <functional>

#include "running_listener.hpp"

namespace cordon::proxy {
namespace {

using postgres::AuthenticationCode;
using test::LoggedIn;
using test::PostgresEnd;
using test::PostgresServerEnd;

class PostgresSessionStop : public test::ListenerTest {};

TEST_F(PostgresSessionStop, Q6AGracefulStopEndsIdleSessionsAtOnce) {
  LoggedIn session = log_in();
  proxy_->server->stop(StopMode::graceful);
  const auto began = std::chrono::steady_clock::now();
  proxy_->join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  EXPECT_TRUE(session.client.wire.ends());
  EXPECT_TRUE(session.server.wire.ends());
  EXPECT_EQ(proxy_->server->active_connections(), 0U);
}

TEST_F(PostgresSessionStop, Q6AGracefulStopEndsClientsThatHaveNotSaidWhatTheyWant) {
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

TEST_F(PostgresSessionStop, Q6AGracefulStopLetsALoginFinishThenEndsTheSession) {
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

TEST_F(PostgresSessionStop, Q6AnImmediateStopEndsALogin) {
  PostgresEnd client = connect();
  client.wire.send(test::startup_message("shop"));
  PostgresServerEnd server = accept();
  server.receive_packet();
  proxy_->server->stop(StopMode::immediate);
  proxy_->join();
  EXPECT_EQ(client.wire.receive_all().find("real_role"), std::string::npos);
  EXPECT_TRUE(server.wire.ends());
}

Timeouts short_times() {
  Timeouts timeouts;
  timeouts.postgres_startup = std::chrono::milliseconds(300);
  timeouts.postgres_login = std::chrono::milliseconds(400);
  return timeouts;
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

/// Whether no more than `count` are open at some moment soon: the look-up of a client's program opens some for a moment.
bool descriptors_come_back_to(int count) {
  for (int i = 0; i < 1'000; ++i) {
    if (open_descriptors() <= count) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
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

class PostgresSessionCut : public test::ListenerTest, public ::testing::WithParamInterface<std::tuple<Side, Manner>> {
 protected:
  PostgresSessionCut() : ListenerTest(test::with_timeouts(short_times())) {}

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
    EXPECT_TRUE(descriptors_come_back_to(before));
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

class PostgresSessionSlow : public test::ListenerTest {
 protected:
  PostgresSessionSlow() : ListenerTest(test::with_timeouts(short_times())) {}

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
