#include <cordon/control_client.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"

namespace cordon {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

base::UniqueFd bound_socket(std::uint16_t& port) {
  base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port);
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  port = ntohs(address.sin_port);
  return socket;
}

/// Accepts connections in a thread, keeps what it was sent, and gives each the same pieces, one write each.
class Responder {
 public:
  explicit Responder(std::vector<std::string> pieces, std::uint16_t port = 0)
      : pieces_(std::move(pieces)), port_(port), socket_(bound_socket(port_)) {
    EXPECT_EQ(::listen(socket_.get(), 16), 0);
    thread_ = std::thread([this] { serve(); });
  }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder() {
    over_ = true;
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  std::string request() const {  ///< The last one, once an answer was received.
    const std::lock_guard lock(mutex_);
    return request_;
  }

 private:
  void serve() {
    while (!over_) {
      pollfd entry{socket_.get(), POLLIN, 0};
      if (::poll(&entry, 1, 10) <= 0) continue;
      const base::UniqueFd client(::accept(socket_.get(), nullptr, nullptr));
      char buffer[1024];
      const ssize_t count = ::recv(client.get(), buffer, sizeof buffer, 0);
      remember({buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0))});
      for (const std::string& piece : pieces_) {
        ::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
        std::this_thread::sleep_for(milliseconds{2});
      }
    }
  }

  void remember(std::string_view request) {
    const std::lock_guard lock(mutex_);
    request_ = request;
  }

  std::vector<std::string> pieces_;
  std::uint16_t port_;
  base::UniqueFd socket_;
  mutable std::mutex mutex_;
  std::string request_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

std::string healthy(const std::string& instance) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCordon-Instance: " + instance +
         "\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";
}

std::uint16_t free_port() {
  std::uint16_t port = 0;
  const base::UniqueFd socket = bound_socket(port);
  return port;
}

Errc probe_error(std::uint16_t port, milliseconds deadline = milliseconds{2'000}) {
  const auto health = probe_health(port, deadline);
  return health ? Errc::internal : health.error().code;
}

WaitOptions wait_for(std::uint16_t port, milliseconds timeout = milliseconds{5'000}) {
  WaitOptions options;
  options.port = port;
  options.instance = "shop-0badcafe";
  options.timeout = timeout;
  options.interval = milliseconds{5};
  return options;
}

TEST(Health, ReadsTheInstanceOfAHealthyProxy) {
  const Responder responder({healthy("shop-0badcafe")});
  const auto health = probe_health(responder.port(), milliseconds{2'000});
  ASSERT_TRUE(health) << health.error().message();
  EXPECT_EQ(health->instance, "shop-0badcafe");
}

TEST(Health, TellsAnotherUsersInstanceFromAnotherProgram) {
  const Responder responder({"HTTP/1.1 403 peer_refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
  const auto health = probe_health(responder.port(), milliseconds{2'000});
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().code, Errc::peer_refused);
  EXPECT_NE(health.error().context.find("another user's"), std::string::npos);
  EXPECT_EQ(wait_until_healthy(wait_for(responder.port())).error().code, Errc::peer_refused) << "and waits no longer";
  const Responder forbidding({"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"});
  EXPECT_EQ(probe_error(forbidding.port()), Errc::upstream_protocol);
}

TEST(Health, AsksOnceWithAHostThatHealthAccepts) {
  const Responder responder({healthy("shop-0badcafe")});
  ASSERT_TRUE(probe_health(responder.port(), milliseconds{2'000}));
  EXPECT_EQ(responder.request(), "GET /health HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(responder.port()) +
                                     "\r\nConnection: close\r\n\r\n");
}

TEST(Health, ReadsAHeadThatArrivesInPieces) {
  const Responder responder({"HTTP/1.", "1 200 OK\r\ncordon-inst", "ance: a-1\r\n", "\r", "\n"});
  const auto health = probe_health(responder.port(), milliseconds{2'000});
  ASSERT_TRUE(health) << health.error().message();
  EXPECT_EQ(health->instance, "a-1");
}

TEST(Health, AnswerWithoutAnInstanceHasAnEmptyName) {
  const Responder responder({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  const auto health = probe_health(responder.port(), milliseconds{2'000});
  ASSERT_TRUE(health) << health.error().message();
  EXPECT_EQ(health->instance, "");
}

TEST(Health, InstanceThatCannotBeOneIsNoCordon) {
  for (const std::string& name : {std::string("a b"),
                                  std::string("shop\xC2\x9B"
                                              "31m"),
                                  std::string("x\u202Ey"), std::string(65, 'a')}) {
    const Responder responder({healthy(name)});
    const auto health = probe_health(responder.port(), milliseconds{2'000});
    ASSERT_TRUE(health) << health.error().message();
    EXPECT_EQ(health->instance, "") << name;
  }
}

TEST(Health, NothingListensIsNotRunning) {
  EXPECT_EQ(probe_error(free_port()), Errc::not_running);
}

TEST(Health, OtherStatusIsAnotherProgram) {
  const Responder responder({"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"});
  EXPECT_EQ(probe_error(responder.port()), Errc::upstream_protocol);
}

TEST(Health, AnotherProtocolIsAnotherProgram) {
  const Responder responder({"SSH-2.0-OpenSSH_9.2\r\n"});
  EXPECT_EQ(probe_error(responder.port()), Errc::upstream_protocol);
}

TEST(Health, HeadThatEndsEarlyIsAnotherProgram) {
  const Responder responder({"HTTP/1.1 200 OK\r\nCordon-"});
  EXPECT_EQ(probe_error(responder.port()), Errc::upstream_protocol);
}

TEST(Health, ClosedWithoutAnAnswerIsConnectionLost) {
  const Responder responder({});
  EXPECT_EQ(probe_error(responder.port()), Errc::connection_lost);
}

TEST(Health, SilenceTimesOut) {
  std::uint16_t port = 0;
  const base::UniqueFd socket = bound_socket(port);
  ASSERT_EQ(::listen(socket.get(), 4), 0);
  const auto begin = Clock::now();
  EXPECT_EQ(probe_error(port, milliseconds{50}), Errc::timed_out);
  EXPECT_GE(Clock::now() - begin, milliseconds{50});
  EXPECT_LT(Clock::now() - begin, milliseconds{2'000});
}

TEST(Health, EveryErrorNamesThePlace) {
  const std::uint16_t port = free_port();
  const auto health = probe_health(port, milliseconds{100});
  ASSERT_FALSE(health);
  EXPECT_NE(health.error().message().find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST(Health, WaitReturnsOnceTheInstanceAnswers) {
  const std::uint16_t port = free_port();
  std::unique_ptr<Responder> responder;
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds{60});
    responder = std::make_unique<Responder>(std::vector{healthy("shop-0badcafe")}, port);
  });
  const auto done = wait_until_healthy(wait_for(port));
  later.join();
  EXPECT_TRUE(done) << done.error().message();
}

TEST(Health, WaitGivesUpAtItsTimeout) {
  const auto begin = Clock::now();
  const auto done = wait_until_healthy(wait_for(free_port(), milliseconds{80}));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::timed_out);
  EXPECT_NE(done.error().message().find("nothing listens"), std::string::npos);
  EXPECT_LT(Clock::now() - begin, milliseconds{2'000});
}

TEST(Health, WaitWithoutTimeTriesOnce) {
  const Responder responder({healthy("shop-0badcafe")});
  EXPECT_TRUE(wait_until_healthy(wait_for(responder.port(), milliseconds{0})));
}

TEST(Health, WaitFailsAtOnceOnAnotherInstance) {
  const Responder responder({healthy("other-12345678")});
  const auto begin = Clock::now();
  const auto done = wait_until_healthy(wait_for(responder.port()));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::wrong_instance);
  EXPECT_NE(done.error().message().find("other-12345678"), std::string::npos);
  EXPECT_LT(Clock::now() - begin, milliseconds{2'000});
}

TEST(Health, WaitFailsAtOnceOnAnotherProgram) {
  const Responder responder({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"});
  const auto done = wait_until_healthy(wait_for(responder.port()));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::upstream_protocol);
}

TEST(Health, WaitGoesOnWhileAnInstanceEnds) {
  std::uint16_t port = 0;
  { port = Responder({}).port(); }
  auto ending = std::make_unique<Responder>(std::vector<std::string>{}, port);
  std::unique_ptr<Responder> next;
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds{40});
    ending.reset();
    next = std::make_unique<Responder>(std::vector{healthy("shop-0badcafe")}, port);
  });
  const auto done = wait_until_healthy(wait_for(port));
  later.join();
  EXPECT_TRUE(done) << done.error().message();
}

TEST(Health, WaitEndsWhenInterrupted) {
  int asked = 0;
  WaitOptions options = wait_for(free_port());
  options.interrupted = [&asked] { return ++asked == 3; };
  const auto done = wait_until_healthy(options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::cancelled);
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace cordon
