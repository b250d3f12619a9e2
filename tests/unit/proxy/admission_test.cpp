// Who may connect at all. Linux tells whose a connection is.
#ifdef __linux__

#include <sys/fsuid.h>

#include <gtest/gtest.h>

#include "running_listener.hpp"

namespace cordon::proxy {
namespace {

using test::ProxySetup;
using test::Wire;

constexpr uid_t kOther = 4242;
constexpr std::string_view kHealth = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

ProxySetup with_allow_uids(std::vector<std::uint32_t> uids) {
  ProxySetup setup;
  setup.config.allow_uids = std::move(uids);
  return setup;
}

bool may_be_another_user() {
  ::setfsuid(kOther);
  return ::setfsuid(::geteuid()) == static_cast<int>(kOther);
}

class Admission : public test::ProxyTest {
 protected:
  explicit Admission(std::vector<std::uint32_t> allow_uids = {}) : ProxyTest(with_allow_uids(std::move(allow_uids))) {}

  void SetUp() override {
    if (!may_be_another_user()) GTEST_SKIP() << "only root, and only of a namespace with other users, can be one";
  }

  /// A connection whose socket another user has made.
  Wire connect_as_other() const {
    ::setfsuid(kOther);
    Wire wire = proxy_.connect();
    ::setfsuid(::geteuid());
    return wire;
  }
};

TEST_F(Admission, K9AnotherUserIsRefusedBeforeAByteIsRead) {
  Wire other = connect_as_other();
  const std::string reply = other.receive_message();
  EXPECT_EQ(refusal_of(reply), "403 peer_refused");
  EXPECT_TRUE(has(reply, "\r\nConnection: close\r\n"));
  EXPECT_TRUE(other.ends());
  const auto reports = proxy_.sink.wait_for(1);
  EXPECT_EQ(reports.front().refusal, "peer_refused");
  EXPECT_EQ(reports.front().status, 403);
}

TEST_F(Admission, K9TheRefusalNamesTheUserInTheLog) {
  Wire other = connect_as_other();
  EXPECT_EQ(refusal_of(other.receive_message()), "403 peer_refused");
  EXPECT_TRUE(proxy_.sink.wait_for_notice("refused a connection from user id 4242 (pid " + std::to_string(::getpid())));
}

TEST_F(Admission, OurOwnUserNeedsNoEntry) {
  client_.send(kHealth);
  EXPECT_TRUE(client_.receive_message().starts_with("HTTP/1.1 200 "));
}

class AdmissionOfOthers : public Admission {
 protected:
  AdmissionOfOthers() : Admission({kOther}) {}

  void reload_without_others() {
    ProxySetup setup;
    const auto done = proxy_.server->reload(std::move(setup.config), setup.make_store(), std::nullopt);
    ASSERT_TRUE(done) << done.error().front().message();
  }
};

TEST_F(AdmissionOfOthers, IsByAllowUids) {
  Wire other = connect_as_other();
  other.send(kHealth);
  EXPECT_TRUE(other.receive_message().starts_with("HTTP/1.1 200 "));
}

TEST_F(AdmissionOfOthers, EndsWithAReloadThatLeavesThemOut) {
  Wire other = connect_as_other();
  other.send(kHealth);
  EXPECT_TRUE(other.receive_message().starts_with("HTTP/1.1 200 "));
  client_.send(kHealth);
  EXPECT_TRUE(client_.receive_message().starts_with("HTTP/1.1 200 "));
  reload_without_others();
  EXPECT_TRUE(other.ends()) << "an open connection ends";
  Wire next = connect_as_other();
  EXPECT_EQ(refusal_of(next.receive_message()), "403 peer_refused");
  client_.send(kHealth);
  EXPECT_TRUE(client_.receive_message().starts_with("HTTP/1.1 200 ")) << "ours goes on";
}

/// The same on the port of a PostgreSQL listener.
class AdmissionToAListener : public test::ListenerTest {
 protected:
  explicit AdmissionToAListener(std::vector<std::uint32_t> allow_uids = {})
      : ListenerTest(with_allow_uids(std::move(allow_uids))) {}

  void SetUp() override {
    if (!may_be_another_user()) GTEST_SKIP() << "only root, and only of a namespace with other users, can be one";
  }

  test::PostgresEnd connect_as_other() const {
    ::setfsuid(kOther);
    test::PostgresEnd end = connect();
    ::setfsuid(::geteuid());
    return end;
  }
  bool is_served(test::PostgresEnd client) {
    client.wire.send(test::startup_message("shop"));
    return origin_.is_called(test::kPatienceMs) && accept().receive_packet().find("real_role") != std::string::npos;
  }
};

TEST_F(AdmissionToAListener, K9AnotherUserIsRefusedBeforeAByteIsRead) {
  test::PostgresEnd other = connect_as_other();
  const test::PostgresMessage error = other.receive();
  EXPECT_EQ(test::sqlstate_of(error), "28000");
  EXPECT_TRUE(error.has("peer_refused")) << error.payload;
  EXPECT_TRUE(other.wire.ends());
  EXPECT_FALSE(origin_.is_called());
  const auto reports = proxy_->sink.wait_for(1);
  EXPECT_EQ(reports.front().refusal, "peer_refused");
  EXPECT_EQ(reports.front().route, "db");
  EXPECT_TRUE(proxy_->sink.wait_for_notice("refused a connection from user id 4242"));
}

TEST_F(AdmissionToAListener, OurOwnUserNeedsNoEntry) {
  EXPECT_TRUE(is_served(connect()));
}

class AdmissionOfOthersToAListener : public AdmissionToAListener {
 protected:
  AdmissionOfOthersToAListener() : AdmissionToAListener({kOther}) {}
};

TEST_F(AdmissionOfOthersToAListener, IsByAllowUids) {
  EXPECT_TRUE(is_served(connect_as_other()));
}

TEST_F(AdmissionOfOthersToAListener, EndsWithAReloadThatLeavesThemOut) {
  test::PostgresEnd other = connect_as_other();
  other.wire.send(test::startup_message("shop"));
  test::PostgresServerEnd server = accept();
  ASSERT_TRUE(server.log_in());
  read_login(other);
  ProxySetup setup;
  setup.config.listeners = {listener_};
  SecretStore store = setup.make_store();
  ASSERT_TRUE(proxy_->server->reload(std::move(setup.config), std::move(store), std::nullopt));
  EXPECT_TRUE(other.wire.ends());
  EXPECT_TRUE(server.wire.ends());
}

}  // namespace
}  // namespace cordon::proxy

#endif
