// A control server with a folder of its own, and what talks to it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <cordon/control_client.hpp>
#include <cordon/control_server.hpp>

#include "base/unique_fd.hpp"
#include "support/temp_dir.hpp"

namespace cordon::test {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

inline constexpr milliseconds kDeadline{20'000};  // for what should take a moment, on a machine that is busy

inline ProxyStatus sample_status() {
  const auto time = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::milliseconds(40'123'456);
  ProxyStatus status;
  status.instance = "shop-0badcafe";
  status.port = 6790;
  status.started = time;
  status.connections = 3;
  status.reloads = 2;
  status.tokens_enforced = true;
  status.unmatched = 7;
  RouteStatus route;
  route.name = "stripe";
  route.host = "api.stripe.com";
  route.ports.list = {443, 8443};
  route.requests = 12;
  route.injected = 11;
  route.refused = 1;
  route.last_injection = time;
  route.secret = {.source = "environment variable KEY",
                  .held = true,
                  .fetched = time,
                  .took = milliseconds(31),
                  .last_error = Error{Errc::secret_timeout, "too slow"},
                  .failed = time};
  status.routes.push_back(route);
  route.name = "any \xff";  // not UTF-8
  route.ports = {.any = true, .list = {}};
  route.approved = false;
  route.last_injection.reset();
  route.secret = {};
  status.routes.push_back(route);
  return status;
}

inline std::string request(std::string_view operation, std::string_view body = "{}") {
  return "POST /" + std::string(operation) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

inline base::UniqueFd connect_raw(const fs::path& path) {
  base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
  return socket;
}

inline std::string read_to_end(int descriptor) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::recv(descriptor, buffer, sizeof buffer, 0)) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  return text;
}

class ControlTest : public ::testing::Test {
 protected:
  TempDir folder_;
  fs::path path_ = folder_ / "state/control.sock";
  Instance instance_ = make_instance();

  Instance make_instance() const {
    Instance instance;
    instance.config = "/shop/cordon.toml";
    instance.control_sockets = {path_};
    return instance;
  }

  ControlServerOptions options(ControlHandlers handlers = {}, LogTee* log = nullptr) const {
    return {.sockets = {path_}, .config = instance_.config, .handlers = std::move(handlers), .log = log};
  }

  ControlServer start(ControlHandlers handlers = {}, LogTee* log = nullptr) const {
    auto server = ControlServer::start(options(std::move(handlers), log));
    EXPECT_TRUE(server) << server.error().message();
    return *std::move(server);
  }

  std::string exchange(std::string_view bytes) const {
    const auto socket = connect_raw(path_);
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    return read_to_end(socket.get());
  }

  /// As another process of the same machine: what a server leaves that is killed.
  void leave_a_dead_socket() const {
    fs::create_directories(path_.parent_path());
    fs::permissions(path_.parent_path(), fs::perms::owner_all);
    const base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.native().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(socket.get(), 1), 0);
  }
};

}  // namespace cordon::test
