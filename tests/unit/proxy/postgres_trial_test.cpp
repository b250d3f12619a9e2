#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <thread>

#include <asio/buffer.hpp>
#include <asio/write.hpp>

#include <cordon/diagnostics.hpp>

#include "net/asio.hpp"
#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Takes one connection, reads what comes and sends its answer. TLS and real servers are in tests/cli/test_doctor_listeners.py.
class Server {
 public:
  explicit Server(std::string answer) : answer_(std::move(answer)), thread_([this] { serve(); }) {}
  ~Server() { thread_.join(); }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// Once the trial is over.
  const std::string& request() const { return request_; }

 private:
  void serve() {
    asio::error_code ignored;
    asio::ip::tcp::socket client(io_);
    acceptor_.accept(client, ignored);
    request_.resize(64);
    request_.resize(client.read_some(asio::buffer(request_), ignored));
    asio::write(client, asio::buffer(answer_), ignored);
    if (answer_.empty()) return;
    std::array<char, 1> rest{};
    (void)client.read_some(asio::buffer(rest), ignored);  // until the trial ends
  }

  std::string answer_, request_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

Listener listener_for(std::string name, std::uint16_t port, UpstreamTls tls) {
  Listener listener;
  listener.name = std::move(name);
  listener.upstream_host = "db.example";
  listener.upstream_port = port;
  listener.upstream_tls = tls;
  listener.secret = EnvRef{.variable = "KEY"};
  return listener;
}

class PostgresTrialTest : public ::testing::Test {
 protected:
  PostgresTrialTest() { options_.fixed_addresses["db.example"] = "127.0.0.1"; }

  OriginTrial try_one(std::uint16_t port, UpstreamTls tls) {
    config_.listeners = {listener_for("db", port, tls)};
    auto trials = try_servers(config_, paths_, options_);
    EXPECT_EQ(trials.size(), 1U);
    return trials.front();
  }

  /// The error's code and what it says.
  void expect_refusal(std::string answer, UpstreamTls tls, Errc code, const char* text) {
    const Server server(std::move(answer));
    const auto trial = try_one(server.port(), tls);
    ASSERT_TRUE(trial.error);
    EXPECT_EQ(trial.error->code, code);
    EXPECT_THAT(trial.error->context, HasSubstr(text));
  }

  test::TempDir folder_;
  CaPaths paths_{folder_ / "ca-cert.pem", folder_ / "ca-key.pem", folder_ / "combined-ca.pem"};
  Config config_;
  ProxyOptions options_;
};

TEST_F(PostgresTrialTest, AsksWithTheEightBytesOfSslRequest) {
  using namespace std::string_literals;
  for (const char* answer : {"N", "S"}) {
    const auto server = std::make_unique<Server>(answer);
    const auto trial = try_one(server->port(), UpstreamTls::disable);
    EXPECT_FALSE(trial.error) << trial.error->context;
    EXPECT_EQ(trial.name, "db");
    EXPECT_FALSE(trial.tls);
    EXPECT_FALSE(trial.certificate_end);
    EXPECT_EQ(server->request(), "\0\0\0\x08\x04\xd2\x16\x2f"s);
  }
}

TEST_F(PostgresTrialTest, WantsTlsWhereTheListenerDoes) {
  expect_refusal("N", UpstreamTls::verify_full, Errc::upstream_tls, "has no TLS");
  expect_refusal("S", UpstreamTls::verify_full, Errc::upstream_tls, "");  // and then no handshake
}

// PG3: bytes behind the answer are not read as what TLS protects.
TEST_F(PostgresTrialTest, RefusesMoreThanTheAnswer) {
  for (const UpstreamTls tls : {UpstreamTls::verify_full, UpstreamTls::disable})
    for (const char* answer : {"SX", "NX"})
      expect_refusal(answer, tls, Errc::upstream_protocol, "more than its answer");
}

// PG4: the text of an error before TLS is nobody's word.
TEST_F(PostgresTrialTest, DropsTheTextOfAnError) {
  const Server server("EFATAL surprise");
  const auto trial = try_one(server.port(), UpstreamTls::verify_full);
  ASSERT_TRUE(trial.error);
  EXPECT_EQ(trial.error->code, Errc::upstream_protocol);
  EXPECT_EQ(trial.error->context, "the server answered SSLRequest with an error");
}

TEST_F(PostgresTrialTest, KnowsWhatIsNoPostgres) {
  expect_refusal("HTTP/1.1 400 Bad Request\r\n", UpstreamTls::disable, Errc::upstream_protocol, "no PostgreSQL");
  expect_refusal("", UpstreamTls::disable, Errc::upstream_connect, "closed the connection");
}

TEST_F(PostgresTrialTest, GivesUpOnAServerThatSaysNothing) {
  options_.timeouts.tls_handshake = 50ms;
  // A listening socket that nobody accepts from takes connections all the same.
  asio::io_context io{1};
  asio::ip::tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0});
  const auto trial = try_one(silent.local_endpoint().port(), UpstreamTls::verify_full);
  ASSERT_TRUE(trial.error);
  EXPECT_EQ(trial.error->code, Errc::upstream_timeout);
  EXPECT_GE(trial.took, 50ms);
}

TEST_F(PostgresTrialTest, GoesWithoutTlsToPrivateAddressesOnly) {
  options_.fixed_addresses["db.example"] = "203.0.113.7";
  const auto trial = try_one(5432, UpstreamTls::disable);
  ASSERT_TRUE(trial.error);
  EXPECT_EQ(trial.error->code, Errc::destination_denied);
}

TEST_F(PostgresTrialTest, TellsEachListenersRootsApart) {
  const Server server("N");
  config_.listeners = {listener_for("rootless", 1, UpstreamTls::verify_full),
                       listener_for("well", server.port(), UpstreamTls::disable),
                       listener_for("dead", 1, UpstreamTls::verify_full)};
  config_.listeners[0].upstream_ca_path = folder_ / "missing.pem";
  const auto trials = try_servers(config_, paths_, options_);
  ASSERT_EQ(trials.size(), 3U);
  ASSERT_TRUE(trials[0].error);
  EXPECT_THAT(trials[0].error->context, HasSubstr("missing.pem"));
  EXPECT_FALSE(trials[1].error);
  ASSERT_TRUE(trials[2].error);
  EXPECT_EQ(trials[2].error->code, Errc::upstream_connect);
}

TEST_F(PostgresTrialTest, HasNothingToSayWithoutListeners) {
  EXPECT_TRUE(try_servers(config_, paths_, options_).empty());
}

}  // namespace
}  // namespace cordon
