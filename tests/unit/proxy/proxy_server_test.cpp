// A proxy's life: what must hold before it listens, how it serves with several threads, how it stops.
#include <cordon/proxy_server.hpp>

#include <gtest/gtest.h>

#include "running_proxy.hpp"

namespace cordon::proxy {
namespace {

using std::chrono::milliseconds;
using test::ProxySetup;
using test::RunningProxy;
using test::TempDir;
using test::Wire;

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

std::vector<Error> errors_of(ProxySetup setup, const TempDir& folder) {
  SecretStore store = setup.make_store();
  auto made =
      ProxyServer::create(std::move(setup.config), std::move(store), test::ca_paths(folder), std::move(setup.options));
  return made ? std::vector<Error>{} : std::move(made).error();
}

/// A port that nobody listens on.
std::uint16_t free_port() {
  return test::ManualOrigin().port();
}

TEST(ProxyServerCreate, F1FailingSecretsAreToldTogetherAndLeaveNothingBehind) {
  const TempDir folder;
  ProxySetup setup;
  setup.config.listen = free_port();
  setup.config.routes.push_back(ProxySetup::make_route("second", "second.test"));
  setup.source = std::make_unique<test::FixedSource>(Errc::secret_missing);
  const std::uint16_t port = setup.config.listen;
  const auto errors = errors_of(std::move(setup), folder);
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].code, Errc::secret_missing);
  EXPECT_NE(errors[0].context.find("\"plain\""), std::string::npos);
  EXPECT_NE(errors[1].context.find("\"second\""), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_FALSE(test::connect_to(port).connected());
}

TEST(ProxyServerCreate, FaultsOfTheConfigComeFirstAndTogether) {
  const TempDir folder;
  ProxySetup setup;
  setup.config.routes.front().host = "not a host";
  setup.config.routes.push_back(setup.config.routes.front());  // the name twice
  setup.source = std::make_unique<test::FixedSource>(Errc::secret_missing);
  const auto errors = errors_of(std::move(setup), folder);
  EXPECT_GE(errors.size(), 2U);
  for (const Error& error : errors)
    EXPECT_EQ(error.code, Errc::config_invalid) << error.context;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ProxyServerCreate, APortInUseIsNamed) {
  const TempDir folder;
  const test::ManualOrigin other;
  for (const unsigned workers : {1U, 2U}) {
    ProxySetup setup;
    setup.config.listen = other.port();
    setup.options.workers = workers;
    const auto errors = errors_of(std::move(setup), folder);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].code, Errc::port_in_use);
    EXPECT_NE(errors[0].context.find(std::to_string(other.port())), std::string::npos);
  }
}

TEST(ProxyServerCreate, TwoProxiesNeverShareAPort) {
  for (const unsigned workers : {1U, 2U}) {
    ProxySetup first;
    first.options.workers = workers;
    const RunningProxy running(std::move(first));
    const TempDir folder;
    ProxySetup second;
    second.options.workers = workers;
    second.config.listen = running.server->port();
    const auto errors = errors_of(std::move(second), folder);
    ASSERT_EQ(errors.size(), 1U) << workers;
    EXPECT_EQ(errors[0].code, Errc::port_in_use);
  }
}

TEST(ProxyServerCreate, UnsafeFilesOfTheCaAreRefused) {
  const TempDir folder;
  std::filesystem::create_directory(folder / "certs");
  std::filesystem::permissions(folder / "certs", std::filesystem::perms::owner_all);
  folder.write("certs/ca-key.pem", "key", 0644);
  const auto errors = errors_of({}, folder);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].code, Errc::file_unsafe);
}

TEST(ProxyServerCreate, RootsThatOthersCanChangeAreRefused) {
  using Place = std::optional<std::filesystem::path>& (*)(Config&);
  constexpr Place kPlaces[] = {
      [](Config& config) -> std::optional<std::filesystem::path>& { return config.tls.upstream_ca_path; },
      [](Config& config) -> std::optional<std::filesystem::path>& { return config.routes.front().upstream_ca_path; },
  };
  const auto error_with = [](Place place, mode_t mode) {
    const TempDir folder;
    ProxySetup setup;
    place(setup.config) = folder.write("roots.pem", "no certificate", mode);
    const auto errors = errors_of(std::move(setup), folder);
    return errors.size() == 1 ? errors.front() : Error{};
  };
  for (const Place place : kPlaces) {
    for (const mode_t mode : {0664U, 0646U, 0666U, 0620U}) {
      const Error error = error_with(place, mode);
      EXPECT_EQ(error.code, Errc::file_unsafe) << mode << error.context;
      EXPECT_NE(error.context.find("chmod go-w "), std::string::npos) << error.context;
    }
    const Error read = error_with(place, 0644);
    EXPECT_NE(read.code, Errc::file_unsafe) << "others may read it";
    EXPECT_NE(read.code, Errc::internal) << "it was not refused at all";
  }
}

TEST(ProxyServerCreate, EveryFileOfRootsThatCannotBeUsedIsNamed) {
  const TempDir folder;
  ProxySetup setup;
  setup.config.tls.upstream_ca_path = folder.write("no-roots.pem", "no certificate", 0644);
  setup.config.routes.front().upstream_ca_path = folder / "missing.pem";
  const auto errors = errors_of(std::move(setup), folder);
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].code, Errc::config_invalid);
  EXPECT_NE(errors[0].context.find("no-roots.pem"), std::string::npos) << errors[0].context;
  EXPECT_EQ(errors[1].code, Errc::file_missing);
  EXPECT_NE(errors[1].context.find("missing.pem"), std::string::npos) << errors[1].context;
  EXPECT_FALSE(std::filesystem::exists(test::ca_paths(folder).key)) << "the step before the CA's";
}

TEST(ProxyServerCreate, AServerThatNeverRanMayBeDropped) {
  const TempDir folder;
  ProxySetup setup;
  SecretStore store = setup.make_store();
  auto made = ProxyServer::create(std::move(setup.config), std::move(store), test::ca_paths(folder), setup.options);
  ASSERT_TRUE(made);
  EXPECT_NE(made->port(), 0);
  made->stop(StopMode::graceful);
}

class Stopping : public test::ProxyTest {};

TEST_F(Stopping, Q6AGracefulStopLetsARunningRequestFinishAndClosesIdleConnections) {
  Wire idle = proxy_.connect();
  idle.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  idle.receive_message();
  Wire origin = send_to_new_origin(request("GET", "/"));
  EXPECT_EQ(proxy_.server->active_connections(), 2U);

  proxy_.server->stop(StopMode::graceful);
  EXPECT_TRUE(idle.ends());
  EXPECT_FALSE(proxy_.has_ended());
  origin.send(kOk);
  const std::string reply = client_.receive_all();
  EXPECT_TRUE(has(reply, "\r\nConnection: close\r\n")) << reply;
  EXPECT_TRUE(reply.ends_with("\r\n\r\nok")) << reply;
  client_.close();
  proxy_.join();
  EXPECT_FALSE(proxy_.connect().connected());
  EXPECT_EQ(proxy_.server->active_connections(), 0U);
}

TEST_F(Stopping, Q6AnImmediateStopCutsAGracefulOneShort) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  proxy_.server->stop(StopMode::graceful);
  EXPECT_FALSE(proxy_.has_ended());
  proxy_.server->stop(StopMode::immediate);
  proxy_.join();
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(origin.ends());
}

TEST_F(Stopping, PooledConnectionsAreClosed) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send(kOk);
  client_.receive_message();
  proxy_.server->stop(StopMode::graceful);
  proxy_.join();
  EXPECT_TRUE(origin.ends());
}

TEST_F(Stopping, AConnectionInTheMiddleOfAHeadDoesNotHoldItUp) {
  client_.send("GET http://");
  Wire tunnel = proxy_.connect();
  tunnel.send("CONNECT " + authority() + " HTTP/1.1\r\nHost: a\r\n\r\n");
  tunnel.receive_head();
  proxy_.server->stop(StopMode::graceful);
  proxy_.join();
  EXPECT_TRUE(client_.ends());
  EXPECT_TRUE(tunnel.ends());
}

Timeouts short_drain() {
  Timeouts timeouts;
  timeouts.drain = milliseconds(100);
  return timeouts;
}

class ShortDrain : public test::ProxyTest {
 protected:
  ShortDrain() : ProxyTest(test::with_timeouts(short_drain())) {}
};

TEST_F(ShortDrain, Q6ARequestThatTakesTooLongIsCutOffAtTheEndOfTheDrain) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive.");
  client_.receive_to("five.");
  proxy_.server->stop(StopMode::graceful);
  proxy_.join();
  EXPECT_TRUE(client_.ends());
}

TEST(ProxyServer, AStopBeforeTheRunEndsItAtOnce) {
  for (const StopMode mode : {StopMode::graceful, StopMode::immediate}) {
    const TempDir folder;
    ProxySetup setup;
    setup.options.workers = 2;
    SecretStore store = setup.make_store();
    auto made = ProxyServer::create(std::move(setup.config), std::move(store), test::ca_paths(folder), setup.options);
    ASSERT_TRUE(made);
    made->stop(mode);
    EXPECT_TRUE(made->run());
  }
}

TEST(ProxyServer, SeveralWorkersServeOnOnePort) {
  ProxySetup setup;
  setup.options.workers = 2;
  RunningProxy proxy(std::move(setup));
  std::vector<Wire> clients;
  for (int i = 0; i < 32; ++i)
    clients.push_back(proxy.connect());
  for (Wire& client : clients) {
    client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_TRUE(client.receive_message().starts_with("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_EQ(proxy.server->active_connections(), 32U);
  proxy.server->stop(StopMode::graceful);
  proxy.join();
  for (Wire& client : clients)
    EXPECT_TRUE(client.ends());
}

Timeouts short_heads() {
  Timeouts timeouts;
  timeouts.request_head = milliseconds(100);
  timeouts.silent_connection = milliseconds(100);
  timeouts.keep_alive = milliseconds(100);
  timeouts.tls_handshake = milliseconds(100);
  timeouts.origin_idle = milliseconds(50);
  return timeouts;
}

class ShortTimes : public test::ProxyTest {
 protected:
  ShortTimes() : ProxyTest(test::with_timeouts(short_heads())) {}
};

TEST_F(ShortTimes, Q1SlowClientsAreClosedAtEachDeadline) {
  Wire slow = proxy_.connect();
  slow.send("GET / HTT");
  Wire kept = proxy_.connect();
  kept.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(kept.receive_message().ends_with("}\n"));
  Wire tunnel = proxy_.connect();
  tunnel.send("CONNECT " + authority() + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(tunnel.receive_head().starts_with("HTTP/1.1 200 "));
  tunnel.send("\x16\x03\x01");
  for (Wire* const wire : {&client_, &slow, &kept, &tunnel})
    EXPECT_TRUE(wire->ends());
}

TEST_F(ShortTimes, IdleConnectionsToOriginsAreClosed) {
  Wire origin = send_to_new_origin(request("GET", "/"));
  origin.send(kOk);
  EXPECT_TRUE(client_.receive_message().ends_with("ok"));
  EXPECT_TRUE(origin.ends());
}

}  // namespace
}  // namespace cordon::proxy
