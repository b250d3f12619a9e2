#include <cordon/control_server.hpp>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <cordon/control_client.hpp>

#include "base/unique_fd.hpp"
#include "support/temp_dir.hpp"

namespace cordon {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr milliseconds kDeadline{20'000};  // for what should take a moment, on a machine that is busy

ProxyStatus sample_status() {
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

std::string request(std::string_view operation, std::string_view body = "{}") {
  return "POST /" + std::string(operation) + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

base::UniqueFd connect_raw(const fs::path& path) {
  base::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.native().copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << path;
  return socket;
}

std::string read_to_end(int descriptor) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0; (count = ::recv(descriptor, buffer, sizeof buffer, 0)) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  return text;
}

class ControlServerTest : public ::testing::Test {
 protected:
  test::TempDir folder_;
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

TEST_F(ControlServerTest, TellsItsStatus) {
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

TEST_F(ControlServerTest, IsForItsOwnerOnly) {
  const auto server = start();
  struct stat info {};
  ASSERT_EQ(::lstat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  ASSERT_EQ(::lstat(path_.parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST_F(ControlServerTest, RefusesAnotherUsersProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::atomic<bool> stopped = false;
  const auto server =
      start({.status = {}, .reload = {}, .stop = [&stopped](StopMode) { stopped = true; }, .forget_secret = {}});
  // Opened wide, so that only the look at the peer is in the way.
  ::chmod(folder_.path().c_str(), 0755);
  ::chmod(path_.parent_path().c_str(), 0755);
  ::chmod(path_.c_str(), 0666);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    const auto socket = connect_raw(path_);
    const std::string bytes = request("stop");
    (void)::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    const std::string answer = read_to_end(socket.get());
    ::_exit(answer.starts_with("HTTP/1.1 403 ") && answer.find("peer_refused") != std::string::npos ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(stopped);
}

TEST_F(ControlServerTest, ReplacesWhatAKilledInstanceLeft) {
  leave_a_dead_socket();
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(ControlServerTest, NeverReplacesALivingOne) {
  const auto first = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  const auto second = ControlServer::start(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::port_in_use);
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(ControlServerTest, TakesTheNextPlaceWhenOneIsTaken) {
  const auto first = start();
  auto more = options({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  more.config = "/other/cordon.toml";
  more.sockets.push_back(folder_ / "state2/control.sock");
  const auto second = ControlServer::start(more);
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(second->socket(), folder_ / "state2/control.sock");
  // A client passes by the instance that it did not mean.
  Instance other;
  other.config = more.config;
  other.control_sockets = more.sockets;
  const auto status = ControlClient(other).status(kDeadline);
  ASSERT_TRUE(status) << status.error().message();
  EXPECT_EQ(status->config, "/other/cordon.toml");
}

TEST_F(ControlServerTest, OnlyOneOfManyThatStartAtOnceGetsTheName) {
  leave_a_dead_socket();
  std::atomic<int> started = 0;
  std::vector<Result<ControlServer>> servers;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      auto server = ControlServer::start(options());
      started += server.has_value() ? 1 : 0;
      const std::lock_guard lock(mutex);
      servers.push_back(std::move(server));
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(started, 1);
  EXPECT_TRUE(fs::exists(path_));
}

/// L7.
TEST_F(ControlServerTest, DoesNotFollowALinkAtItsPlace) {
  fs::create_directories(path_.parent_path());
  fs::permissions(path_.parent_path(), fs::perms::owner_all);
  const fs::path target = folder_.write("precious", "keep me");
  fs::create_symlink(target, path_);
  const auto server = ControlServer::start(options());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::file_unsafe);
  EXPECT_THAT(server.error().context, HasSubstr("rm "));
  EXPECT_EQ(test::file_content(target), "keep me");
}

/// L6.
TEST_F(ControlServerTest, RefusesAFolderThatOthersCanWriteTo) {
  fs::create_directories(path_.parent_path());
  ::chmod(path_.parent_path().c_str(), 0777);
  const auto server = ControlServer::start(options());
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Errc::file_unsafe);
}

TEST_F(ControlServerTest, RemovesItsNameAtTheEnd) {
  { const auto server = start(); }
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(ControlClient(instance_).status(kDeadline).error().code, Errc::not_running);
}

TEST_F(ControlServerTest, LeavesTheNameToWhoeverHasItByNow) {
  auto first = std::make_unique<ControlServer>(start());
  fs::remove(path_);
  const auto second = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  first.reset();
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(ControlServerTest, WithoutAnyPlaceDoesNotStart) {
  auto none = options();
  none.sockets.clear();
  EXPECT_EQ(ControlServer::start(none).error().code, Errc::not_supported);
  none.sockets = {folder_ / std::string(120, 'x') / "control.sock"};
  EXPECT_EQ(ControlServer::start(none).error().code, Errc::file_failed);
}

TEST_F(ControlServerTest, ReloadsAndPassesOnWhatThereIsToSay) {
  const auto server = start({.status = {},
                             .reload = [] { return ReloadReport{{"listen changed: restart"}}; },
                             .stop = {},
                             .forget_secret = {}});
  const auto outcome = ControlClient(instance_).reload(kDeadline);
  ASSERT_TRUE(outcome);
  EXPECT_THAT(outcome->warnings, ElementsAre("listen changed: restart"));
}

TEST_F(ControlServerTest, PassesOnEveryErrorOfAReload) {
  const std::vector<Error> errors = {{Errc::config_invalid, "cordon.toml:3:1: listen: is missing"},
                                     {Errc::store_unavailable, "route a: the store is locked"}};
  const auto server = start({.status = {},
                             .reload = [errors]() -> ReloadOutcome { return std::unexpected(errors); },
                             .stop = {},
                             .forget_secret = {}});
  const auto outcome = ControlClient(instance_).reload(kDeadline);
  ASSERT_FALSE(outcome);
  ASSERT_EQ(outcome.error().size(), 2U);
  EXPECT_EQ(outcome.error()[0].code, Errc::config_invalid);
  EXPECT_EQ(outcome.error()[0].context, "cordon.toml:3:1: listen: is missing");
  EXPECT_EQ(outcome.error()[1].code, Errc::store_unavailable);
}

TEST_F(ControlServerTest, StatusIsToldWhileAReloadRuns) {
  std::mutex mutex;
  std::condition_variable changed;
  bool go_on = false;
  const auto server = start({.status = sample_status,
                             .reload =
                                 [&] {
                                   std::unique_lock lock(mutex);
                                   changed.wait(lock, [&] { return go_on; });
                                   return ReloadReport{};
                                 },
                             .stop = {},
                             .forget_secret = {}});
  std::thread reload([this] { EXPECT_TRUE(ControlClient(instance_).reload(kDeadline)); });
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  reload.join();
}

TEST_F(ControlServerTest, StopReturnsWhenTheInstanceHasEnded) {
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

TEST_F(ControlServerTest, StopThatTakesTooLongIsTimedOut) {
  const auto server = start({.status = {}, .reload = {}, .stop = [](StopMode) {}, .forget_secret = {}});
  EXPECT_EQ(ControlClient(instance_).stop(StopMode::graceful, milliseconds{50}).error().code, Errc::timed_out);
}

TEST_F(ControlServerTest, ForgetsTheSecretOfARoute) {
  const auto server = start({.status = {}, .reload = {}, .stop = {}, .forget_secret = [](std::string_view name) {
                               return name == "stripe";
                             }});
  EXPECT_TRUE(ControlClient(instance_).forget_secret("stripe", kDeadline).value());
  EXPECT_FALSE(ControlClient(instance_).forget_secret("strip", kDeadline).value());
}

TEST_F(ControlServerTest, SaysWhatItDoesNotOffer) {
  const auto server = start();
  EXPECT_EQ(ControlClient(instance_).status(kDeadline).error().code, Errc::not_supported);
  EXPECT_EQ(ControlClient(instance_).reload(kDeadline).error()[0].code, Errc::not_supported);
  EXPECT_EQ(ControlClient(instance_).stop(StopMode::graceful, kDeadline).error().code, Errc::not_supported);
  EXPECT_EQ(ControlClient(instance_).read_log(LogFormat::text, Follow::no, {}, kDeadline).error().code,
            Errc::not_supported);
}

TEST_F(ControlServerTest, HandlerThatThrowsIsAnError) {
  const auto server = start({.status = []() -> ProxyStatus { throw std::runtime_error("secret words"); },
                             .reload = {},
                             .stop = {},
                             .forget_secret = {}});
  const std::string answer = exchange(request("status"));
  EXPECT_THAT(answer, HasSubstr("\"internal\""));
  EXPECT_THAT(answer, Not(HasSubstr("secret words")));
}

TEST_F(ControlServerTest, RefusesWhatIsNoRequestOfItsProtocol) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  EXPECT_THAT(exchange("GET /status HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr("400 "));
  EXPECT_THAT(exchange("nonsense\r\n\r\n"), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("status", "[]")), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("status", "{")), HasSubstr("400 "));
  EXPECT_THAT(exchange(request("unknown")), HasSubstr("404 "));
  EXPECT_THAT(exchange(request("status", "{\"config\":\"/other\"}")), HasSubstr("421 "));
  EXPECT_THAT(exchange(request("status", "{\"config\":7}")), HasSubstr("200 "));
  EXPECT_THAT(exchange(request("log", "{\"follow\":\"yes\"}")), HasSubstr("501 "));
}

TEST_F(ControlServerTest, RefusesARequestThatIsTooLarge) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  EXPECT_THAT(exchange("POST /status HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'x')), HasSubstr("431 "));
  const std::string body = "{\"config\":\"" + std::string(70'000, 'x') + "\"}";
  EXPECT_THAT(exchange(request("status", body)), HasSubstr("400 "));
}

TEST_F(ControlServerTest, SilentClientsDoNotKeepOthersOut) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  std::vector<base::UniqueFd> silent;
  for (int i = 0; i < 15; ++i)
    silent.push_back(connect_raw(path_));
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(ControlServerTest, OneClientTooManyIsToldSo) {
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  std::vector<base::UniqueFd> silent;
  for (int i = 0; i < 16; ++i)
    silent.push_back(connect_raw(path_));
  const auto status = ControlClient(instance_).status(kDeadline);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().context, HasSubstr("too many clients"));
  silent.clear();
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  bool served = false;
  while (!served && std::chrono::steady_clock::now() < end)
    served = ControlClient(instance_).status(kDeadline).has_value();
  EXPECT_TRUE(served);
}

class Followed {
 public:
  Followed(const Instance& instance, LogFormat format) {
    thread_ = std::thread([this, instance, format] {
      result_ = ControlClient(instance).read_log(
          format, Follow::yes,
          [this](std::string_view piece) {
            const std::lock_guard lock(mutex_);
            text_ += piece;
            changed_.notify_all();
            return true;
          },
          kDeadline);
    });
  }
  ~Followed() {
    if (thread_.joinable()) thread_.join();
  }
  bool wait_for(std::string_view text) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kDeadline, [&] { return text_.find(text) != std::string::npos; });
  }
  Result<> end() {
    thread_.join();
    return result_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  Result<> result_;
  std::thread thread_;
};

TEST_F(ControlServerTest, ShowsTheLastLinesOfTheLog) {
  LogTee tee(null_sink());
  for (int i = 0; i < 300; ++i)
    tee.on_notice(LogLevel::info, "line " + std::to_string(i));
  const auto server = start({}, &tee);
  std::string text;
  const auto read = ControlClient(instance_).read_log(
      LogFormat::text, Follow::no,
      [&text](std::string_view piece) {
        text += piece;
        return true;
      },
      kDeadline);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_THAT(text, Not(HasSubstr("line 99\n")));
  EXPECT_THAT(text, HasSubstr("line 100\n"));
  EXPECT_TRUE(text.ends_with("line 299\n"));
}

TEST_F(ControlServerTest, StreamsNewLinesUntilItEnds) {
  LogTee tee(null_sink());
  tee.on_notice(LogLevel::info, "an old one");
  auto server = std::make_unique<ControlServer>(start({}, &tee));
  Followed first(instance_, LogFormat::text);
  Followed second(instance_, LogFormat::json);
  EXPECT_TRUE(first.wait_for("info an old one\n"));
  EXPECT_TRUE(second.wait_for("\"message\":\"an old one\"}\n"));
  tee.on_notice(LogLevel::warn, "a new one");
  EXPECT_TRUE(first.wait_for("warn a new one\n"));
  EXPECT_TRUE(second.wait_for("\"message\":\"a new one\"}\n"));
  server.reset();
  EXPECT_TRUE(first.end());
  EXPECT_TRUE(second.end());
}

TEST_F(ControlServerTest, FollowerThatDoesNotReadHoldsNobodyUp) {
  LogTee tee(null_sink());
  std::optional<Followed> follower;  // ends with the server
  const auto server = start({}, &tee);
  const auto slow = connect_raw(path_);
  const std::string bytes = request("log", "{\"follow\":true}");
  ::send(slow.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  Followed& quick = follower.emplace(instance_, LogFormat::text);
  tee.on_notice(LogLevel::info, "begin");
  EXPECT_TRUE(quick.wait_for("begin"));
  const std::string line(3'000, 'x');
  for (int i = 0; i < 2'000; ++i)
    tee.on_notice(LogLevel::info, line);
  tee.on_notice(LogLevel::info, "the last one");
  EXPECT_TRUE(quick.wait_for("the last one"));
  // What the slow one reads at last has a gap, and says so.
  std::string text;
  char buffer[65'536];
  while (text.find("the last one") == std::string::npos) {
    const ssize_t count = ::recv(slow.get(), buffer, sizeof buffer, 0);
    ASSERT_GT(count, 0);
    text.append(buffer, static_cast<std::size_t>(count));
  }
  EXPECT_THAT(text, ::testing::ContainsRegex("warn [0-9]+ log lines dropped"));
  ::shutdown(slow.get(), SHUT_RDWR);
  tee.on_notice(LogLevel::info, "after it");
  EXPECT_TRUE(quick.wait_for("after it"));
}

TEST_F(ControlServerTest, FollowersLeaveRoomForOthers) {
  LogTee tee(null_sink());
  const auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}}, &tee);
  tee.on_notice(LogLevel::info, "x");
  std::vector<base::UniqueFd> followers;
  const std::string bytes = request("log", "{\"follow\":true}");
  for (int i = 0; i < 8; ++i) {
    followers.push_back(connect_raw(path_));
    ::send(followers.back().get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    char buffer[512];
    ASSERT_GT(::recv(followers.back().get(), buffer, sizeof buffer, 0), 0);
  }
  const auto ninth = ControlClient(instance_).read_log(LogFormat::text, Follow::yes, {}, kDeadline);
  ASSERT_FALSE(ninth);
  EXPECT_THAT(ninth.error().context, HasSubstr("8 others"));
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

TEST_F(ControlServerTest, EndsWithClientsThatStillTalk) {
  LogTee tee(null_sink());
  auto server = std::make_unique<ControlServer>(start({}, &tee));
  const auto silent = connect_raw(path_);
  const auto half = connect_raw(path_);
  ::send(half.get(), "POST /st", 8, MSG_NOSIGNAL);
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_EQ(read_to_end(silent.get()), "");
}

TEST_F(ControlServerTest, IsMovable) {
  auto server = start({.status = sample_status, .reload = {}, .stop = {}, .forget_secret = {}});
  const ControlServer moved = std::move(server);
  EXPECT_TRUE(ControlClient(instance_).status(kDeadline));
}

}  // namespace
}  // namespace cordon
