// A proxy in a thread of its own, with one route to an origin that the test plays, and what it reports.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <cordon/proxy_server.hpp>

#include "support/temp_dir.hpp"
#include "wire.hpp"

namespace cordon::test {

inline constexpr std::string_view kSecret = "c4n4ry-0123456789";

/// A report that outlives its call.
struct Reported {
  std::string route, method, host, path, refusal;
  int status = 0;
  std::uint64_t up = 0, down = 0;
  bool injected = false;
  std::string token;
};

class RecordingSink final : public EventSink {
 public:
  void on_request(const RequestEvent& event) noexcept override {
    const std::lock_guard lock(mutex_);
    requests_.push_back({std::string(event.route), std::string(event.method), std::string(event.host),
                         std::string(event.path), std::string(event.refusal), event.status, event.bytes_up,
                         event.bytes_down, event.injected, std::string(event.token)});
    changed_.notify_all();
  }
  void on_notice(LogLevel, std::string_view text) noexcept override {
    const std::lock_guard lock(mutex_);
    EXPECT_EQ(text.find(kSecret), std::string_view::npos);
    notices_ += std::string(text) + "\n";
    changed_.notify_all();
  }
  bool wants(LogLevel) const noexcept override { return true; }

  /// The reports, once there are `count`: a request's comes when it is over, which may be after its last byte.
  std::vector<Reported> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs), [&] { return requests_.size() >= count; });
    EXPECT_GE(requests_.size(), count);
    return requests_;
  }
  /// Whether a notice with `part` has come, or comes soon.
  bool wait_for_notice(std::string_view part) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                             [&] { return notices_.find(part) != std::string::npos; });
  }
  std::string notices() {
    const std::lock_guard lock(mutex_);
    return notices_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Reported> requests_;
  std::string notices_;
};

/// Says always the same.
class FixedSource final : public SecretSource {
 public:
  explicit FixedSource(std::optional<Errc> failure = {}) : failure_(failure) {}
  Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
    if (failure_) return fail(*failure_, "the store says no");
    return Secret(kSecret);
  }
  FetchCost cost() const noexcept override { return FetchCost::immediate; }

 private:
  std::optional<Errc> failure_;
};

/// What a test may change before the proxy starts.
struct ProxySetup {
  ProxySetup() {
    config.tls.enabled = true;
    config.routes.push_back(make_route("plain", "origin.test"));
    options.instance = "unit";
    options.fixed_addresses = {{"origin.test", "127.0.0.1"}, {"public.test", "203.0.113.7"}, {"tls.test", "127.0.0.1"}};
    source = std::make_unique<FixedSource>();
  }

  static Route make_route(std::string name, std::string host) {
    Route route;
    route.name = std::move(name);
    route.host = std::move(host);
    route.ports.any = true;
    route.allow_plaintext = true;
    route.auth = HeaderAuth{"Authorization", "Bearer"};
    route.secret = PluggedRef{"test", route.name};
    return route;
  }

  SecretStore make_store() {
    SecretStore store = SecretStore::create({}, {});
    store.plug("test", std::move(source));
    return store;
  }

  Config config;
  ProxyOptions options;
  std::unique_ptr<SecretSource> source;
  bool with_ca = true;
};

inline CaPaths ca_paths(const TempDir& folder) {
  return {folder / "certs/ca-cert.pem", folder / "certs/ca-key.pem", folder / "certs/combined-ca.pem"};
}

class RunningProxy {
 public:
  explicit RunningProxy(ProxySetup setup = {}) {
    setup.options.sink = &sink;
    SecretStore store = setup.make_store();
    auto made = ProxyServer::create(std::move(setup.config), std::move(store),
                                    setup.with_ca ? std::optional(ca_paths(folder_)) : std::nullopt, setup.options);
    if (!made) throw std::runtime_error("the proxy does not start: " + made.error().front().message());
    server.emplace(std::move(*made));
    thread_ = std::thread([this] {
      server->run();
      ended_ = true;
    });
  }
  RunningProxy(const RunningProxy&) = delete;
  RunningProxy& operator=(const RunningProxy&) = delete;
  ~RunningProxy() {
    server->stop(StopMode::immediate);
    if (thread_.joinable()) thread_.join();
  }

  Wire connect() const { return connect_to(server->port()); }
  CaPaths ca() const { return ca_paths(folder_); }
  std::string ca_pem() const { return file_content(ca_paths(folder_).cert); }
  bool has_ended() const noexcept { return ended_; }
  void join() { thread_.join(); }

  RecordingSink sink;
  std::optional<ProxyServer> server;

 private:
  TempDir folder_;
  std::thread thread_;
  std::atomic<bool> ended_ = false;
};

/// A test with a proxy, an origin behind its route, and a client's connection.
class ProxyTest : public testing::Test {
 protected:
  explicit ProxyTest(ProxySetup setup = {}) : proxy_(std::move(setup)), client_(proxy_.connect()) {}

  std::string authority() const { return "origin.test:" + std::to_string(origin_.port()); }

  /// A request's head in absolute-form; `fields` are whole lines.
  std::string request(std::string_view method, std::string_view path, std::string_view fields = "",
                      std::string_view version = "HTTP/1.1") const {
    std::string text(method);
    text += " http://" + authority();
    text += path;
    text += " ";
    text += version;
    text += "\r\nHost: " + authority() + "\r\n";
    text += fields;
    return text + "\r\n";
  }

  /// One request without a body on a new connection to the origin. @returns the origin's end, its request read
  Wire send_to_new_origin(std::string_view text) {
    client_.send(text);
    Wire connection = origin_.accept();
    seen_ = connection.receive_head();
    return connection;
  }

  /// The answer's status line and the code in its body, as `502 upstream_protocol`.
  std::string receive_refusal() { return refusal_of(client_.receive_message()); }

  static std::string refusal_of(const std::string& reply) {
    if (!reply.starts_with("HTTP/1.1 ")) return "no reply: " + reply;
    const std::string line = reply.substr(9, reply.find('\r') - 9);
    const std::string code = line.substr(line.find(' ') + 1);
    EXPECT_NE(reply.find("\r\nProxy-Status: cordon; error="), std::string::npos) << reply;
    EXPECT_NE(reply.find("details=\"" + code + "\""), std::string::npos) << reply;
    EXPECT_NE(reply.find("{\"error\":\"" + code + "\""), std::string::npos) << reply;
    EXPECT_EQ(reply.find(kSecret), std::string::npos) << reply;
    return line;
  }

  static bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

  RunningProxy proxy_;
  ManualOrigin origin_;
  Wire client_;
  std::string seen_;  ///< The head that the origin got last.
};

inline ProxySetup with_timeouts(Timeouts timeouts) {
  ProxySetup setup;
  setup.options.timeouts = timeouts;
  return setup;
}

}  // namespace cordon::test
