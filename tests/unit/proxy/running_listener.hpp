// A proxy with one PostgreSQL listener, to a server on 127.0.0.1 that the test plays.
#pragma once

#include <optional>
#include <stdexcept>

#include "postgres_end.hpp"
#include "running_proxy.hpp"

namespace cordon::test {

/// A port that nobody listens on.
inline std::uint16_t free_port() {
  return ManualOrigin().port();
}

inline Listener make_listener(std::string name, std::uint16_t upstream_port) {
  Listener listener;
  listener.port = free_port();
  listener.upstream_host = "127.0.0.1";
  listener.upstream_port = upstream_port;
  listener.upstream_tls = UpstreamTls::disable;
  listener.username = "real_role";
  listener.secret = PluggedRef{"test", name};
  listener.name = std::move(name);
  return listener;
}

/// A client that is logged in, and its server's end.
struct LoggedIn {
  PostgresEnd client;
  PostgresServerEnd server;
  std::string key;
};

class ListenerTest : public testing::Test {
 protected:
  /// `setup` gets the listener `db` besides.
  explicit ListenerTest(ProxySetup setup = {}) : listener_(make_listener("db", origin_.port())) {
    setup.config.listeners.push_back(listener_);
    proxy_.emplace(std::move(setup));
  }

  PostgresEnd connect() const { return PostgresEnd(connect_to(listener_.port)); }
  PostgresServerEnd accept() { return PostgresServerEnd(origin_.accept(), kSecret); }

  /// Up to the first ReadyForQuery. @returns what the client got of its cancel key
  std::string read_login(PostgresEnd& client) {
    std::string key;
    for (;;) {
      const PostgresMessage message = client.receive();
      EXPECT_FALSE(message.has("real_role"));
      if (message.type == 'K') key = message.payload;
      if (message.type == 'Z') return key;
      if (message.type == 0 || message.type == 'E') {
        ADD_FAILURE() << "no login: " << message.payload;
        return key;
      }
    }
  }

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

  /// Waits until no connection of a client is left.
  bool all_have_gone() const {
    for (int i = 0; i < 1'000 && proxy_->server->active_connections() > 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return proxy_->server->active_connections() == 0;
  }

  ManualOrigin origin_;
  Listener listener_;
  std::optional<RunningProxy> proxy_;
};

}  // namespace cordon::test
