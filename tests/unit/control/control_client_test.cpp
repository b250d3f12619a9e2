#include <cordon/control_client.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "unit/control/control_fixture.hpp"

namespace cordon::test {
namespace {

using ::testing::ElementsAre;

using ControlClientTest = ControlTest;

TEST_F(ControlClientTest, TellsItsStatus) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  const auto status = ControlClient(instance_).status(kDeadline);
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(status->pid, ::getpid());
  EXPECT_EQ(status->config, instance_.config);
  EXPECT_EQ(status->socket, path_);
  const ProxyStatus expected = sample_status();
  EXPECT_EQ(status->proxy.instance, expected.instance);
  EXPECT_EQ(status->proxy.port, expected.port);
  EXPECT_EQ(status->proxy.started, expected.started);
  EXPECT_EQ(status->proxy.connections, expected.connections);
  EXPECT_EQ(status->proxy.reloads, expected.reloads);
  EXPECT_TRUE(status->proxy.tokens_enforced);
  EXPECT_EQ(status->proxy.unmatched, expected.unmatched);
  ASSERT_EQ(status->proxy.routes.size(), 2U);
  const RouteStatus& route = status->proxy.routes[0];
  EXPECT_EQ(route.ports, expected.routes[0].ports);
  EXPECT_EQ(route.injected, 11U);
  EXPECT_EQ(route.last_injection, expected.routes[0].last_injection);
  EXPECT_EQ(route.secret.took, milliseconds(31));
  EXPECT_EQ(route.secret.last_error->code, Errc::secret_timeout);
  EXPECT_EQ(route.secret.last_error->context, "too slow");
  EXPECT_EQ(status->proxy.routes[1].name, "any \xef\xbf\xbd");
  EXPECT_TRUE(status->proxy.routes[1].ports.any);
  EXPECT_FALSE(status->proxy.routes[1].approved);
  EXPECT_FALSE(status->proxy.routes[1].last_injection);
}

TEST_F(ControlClientTest, ReloadsAndPassesOnWhatThereIsToSay) {
  const auto server = start({.status = {},
                             .reload = [] { return ReloadReport{{"listen changed: restart"}}; },
                             .stop = {},
                             .forget_secret = {}});
  const auto outcome = ControlClient(instance_).reload(kDeadline);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_THAT((*outcome)->warnings, ElementsAre("listen changed: restart"));
}

class FailedReload : public ControlClientTest {
 protected:
  /// What a client is told of the reload of an instance where `errors` ended it.
  std::vector<Error> errors_of(const std::vector<Error>& errors) {
    const auto server = start({.status = {},
                               .reload = [errors]() -> ReloadOutcome { return std::unexpected(errors); },
                               .stop = {},
                               .forget_secret = {}});
    const auto outcome = ControlClient(instance_).reload(kDeadline);
    EXPECT_TRUE(outcome && !*outcome);
    return outcome && !*outcome ? outcome->error() : std::vector<Error>();
  }
};

TEST_F(FailedReload, IsToldWithEveryError) {
  const auto told = errors_of({{Errc::config_invalid, "cordon.toml:3:1: listen: is missing"},
                               {Errc::store_unavailable, "route a: the store is locked"}});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].code, Errc::config_invalid);
  EXPECT_EQ(told[0].context, "cordon.toml:3:1: listen: is missing");
  EXPECT_EQ(told[1].code, Errc::store_unavailable);
}

TEST_F(FailedReload, MayBeOfAnUnsafeFileWhichIsNotTheSocket) {
  const auto told = errors_of({{Errc::file_unsafe, "key: others can read it"}, {Errc::file_missing, "key2"}});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].context, "key: others can read it");
}

TEST_F(ControlClientTest, StopReturnsWhenTheInstanceHasEnded) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<StopMode> asked;
  auto server = std::make_unique<ControlServer>(start({.status = {},
                                                       .reload = {},
                                                       .stop =
                                                           [&](StopMode mode) {
                                                             const std::lock_guard lock(mutex);
                                                             asked = mode;
                                                             changed.notify_all();
                                                           },
                                                       .forget_secret = {}}));
  std::thread ending([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return asked.has_value(); });
    lock.unlock();
    server.reset();
  });
  const auto stopped = ControlClient(instance_).stop(StopMode::immediate, kDeadline);
  EXPECT_TRUE(stopped) << stopped.error().message();
  EXPECT_FALSE(fs::exists(path_));
  ending.join();
  EXPECT_EQ(asked, StopMode::immediate);
}

TEST_F(ControlClientTest, StopThatTakesTooLongIsTimedOut) {
  const auto server = start({.status = {}, .reload = {}, .stop = [](StopMode) {}, .forget_secret = {}});
  EXPECT_EQ(ControlClient(instance_).stop(StopMode::graceful, milliseconds{50}).error().code, Errc::timed_out);
}

TEST_F(ControlClientTest, ForgetsTheSecretOfARoute) {
  const auto server = start({.status = {}, .reload = {}, .stop = {}, .forget_secret = [](std::string_view name) {
                               return name == "stripe";
                             }});
  EXPECT_TRUE(ControlClient(instance_).forget_secret("stripe", kDeadline).value());
  EXPECT_FALSE(ControlClient(instance_).forget_secret("strip", kDeadline).value());
}

/// A socket at the instance's place that takes one request and gives `answer` to it, whatever it was.
class Impostor {
 public:
  Impostor(const fs::path& path, std::string answer) : socket_(listening_at(path)), answer_(std::move(answer)) {
    thread_ = std::thread([this] { serve(); });
  }
  Impostor(const Impostor&) = delete;
  Impostor& operator=(const Impostor&) = delete;
  ~Impostor() { thread_.join(); }

 private:
  static base::UniqueFd listening_at(const fs::path& path) {
    fs::create_directories(path.parent_path());
    fs::permissions(path.parent_path(), fs::perms::owner_all);
    base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(socket.get(), 1), 0);
    return socket;
  }

  void serve() const {
    const base::UniqueFd client(::accept(socket_.get(), nullptr, nullptr));
    char buffer[4096];
    EXPECT_GT(::recv(client.get(), buffer, sizeof buffer, 0), 0);
    std::string_view left = answer_;
    while (!left.empty()) {
      const ssize_t sent = ::send(client.get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0) return;  // it has heard enough
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::shutdown(client.get(), SHUT_WR);
    read_to_end(client.get());
  }

  base::UniqueFd socket_;
  std::string answer_;
  std::thread thread_;
};

std::string answer_with(std::string_view body, std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

TEST_F(ControlClientTest, AnswerThatIsNotOfThisProtocolIsAnError) {
  for (const std::string& answer :
       {std::string("nonsense\r\n\r\n"), answer_with(""), answer_with("{}"), answer_with("[]"),
        answer_with("{\"pid\":\"x\"}"), answer_with("{}", "422 Refused"), answer_with("{\"errors\":[]}", "422 Refused"),
        answer_with("{\"errors\":[{\"code\":1}]}", "422 Refused")}) {
    fs::remove(path_);
    const Impostor impostor(path_, answer);
    const auto status = ControlClient(instance_).status(kDeadline);
    ASSERT_FALSE(status) << answer;
    EXPECT_EQ(status.error().code, Errc::upstream_protocol) << answer;
  }
}

TEST_F(ControlClientTest, AnswerThatBreaksOffIsALostConnection) {
  for (const std::string_view answer :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"pid\":1"}) {
    fs::remove(path_);
    const Impostor impostor(path_, std::string(answer));
    const auto status = ControlClient(instance_).status(kDeadline);
    ASSERT_FALSE(status) << answer;
    EXPECT_EQ(status.error().code, Errc::connection_lost) << answer;
  }
}

TEST_F(ControlClientTest, AnswerWithoutALengthEndsWithTheConnection) {
  const Impostor impostor(path_, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"known\":true}");
  EXPECT_TRUE(ControlClient(instance_).forget_secret("stripe", kDeadline).value());
}

TEST_F(ControlClientTest, AnswerWithoutEndIsCutOff) {
  const Impostor impostor(path_, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(17U << 20U, ' '));
  const auto status = ControlClient(instance_).status(kDeadline);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::upstream_protocol);
}

TEST_F(ControlClientTest, ReloadThatWasNotAnsweredIsNotAFailedReload) {
  {
    const Impostor impostor(path_, "");
    const auto outcome = ControlClient(instance_).reload(kDeadline);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Errc::connection_lost);
  }
  fs::remove(path_);
  const Impostor impostor(path_, answer_with("{\"warnings\":7}"));
  const auto outcome = ControlClient(instance_).reload(kDeadline);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::upstream_protocol);
}

TEST_F(ControlClientTest, ReloadThatTakesTooLongIsTimedOut) {
  std::mutex mutex;
  std::unique_lock held(mutex);
  const auto server = start({.status = {},
                             .reload =
                                 [&mutex] {
                                   const std::lock_guard lock(mutex);
                                   return ReloadReport{};
                                 },
                             .stop = {},
                             .forget_secret = {}});
  const auto outcome = ControlClient(instance_).reload(milliseconds{50});
  held.unlock();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::timed_out);
}

}  // namespace
}  // namespace cordon::test
