// From a name to a connection: Resolver, Dialer, and the Listener at the other end.
#include "net/dialer.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <map>
#include <optional>
#include <vector>

#include "net/listener.hpp"
#include "socket_pair.hpp"

namespace cordon::net {
namespace {

using std::chrono::milliseconds;
using test::EventLoop;

/// Accepts a connection and closes it.
Task<> accept_one(Listener& listener) {
  const auto socket = co_await listener.accept();
  if (!socket) co_return std::unexpected(socket.error());
  co_return Result<>{};
}

Clock::time_point soon() {
  return Clock::now() + milliseconds(5'000);
}

class Dialling : public testing::Test {
 protected:
  Result<std::unique_ptr<TcpStream>> dial(const std::string& host, std::uint16_t port, Reach reach) {
    return loop_.run(dialer_.dial(host, port, reach));
  }
  Errc code_of(const std::string& host, std::uint16_t port, Reach reach) {
    auto result = dial(host, port, reach);
    return result ? Errc::internal : result.error().code;
  }

  EventLoop loop_;
  BlockingPool pool_{2};
  std::map<std::string, std::string> fixed_{{"origin.test", "127.0.0.1"}, {"public.test", "203.0.113.7"}};
  std::vector<std::uint16_t> own_ports_;
  Resolver resolver_{loop_.watchdog, fixed_};
  Dialer dialer_{loop_.watchdog, resolver_, {pool_, pool_}, {milliseconds(5'000), milliseconds(5'000)}, own_ports_};
  Listener listener_ = Listener::bind(loop_.io.get_executor(), 0, Sharing::none).value();
};

TEST_F(Dialling, TakesLiteralsAndFixedNamesAsTheyAre) {
  struct Row {
    const char *host, *address;
  };
  for (const Row& row : {Row{"127.0.0.1", "127.0.0.1"}, Row{"::1", "::1"}, Row{"origin.test", "127.0.0.1"}}) {
    const auto addresses = loop_.run(resolver_.resolve(pool_, row.host, soon()));
    ASSERT_TRUE(addresses) << row.host;
    ASSERT_EQ(addresses->size(), 1U);
    EXPECT_EQ(addresses->front().to_string(), row.address);
  }
}

TEST_F(Dialling, LooksNamesUpInTheSystem) {
  const auto addresses = loop_.run(resolver_.resolve(pool_, "localhost", soon()));
  ASSERT_TRUE(addresses);
  for (const auto& address : *addresses)
    EXPECT_TRUE(address.is_loopback());
  const std::string long_name = "localhost";  // and a name that does not fit into a string's own memory
  EXPECT_EQ(loop_.run(resolver_.resolve(pool_, "no-such-host-" + long_name + ".invalid", soon())).error().code,
            Errc::upstream_dns);
}

// The system's resolver takes them for addresses: what they come to is judged.
TEST_F(Dialling, S2OddNumberFormsDoNotReachThisMachine) {
  for (const char* host : {"127.0.0.1.", "0x7f.0.0.1", "127.1", "2130706433", "0177.0.0.1"}) {
    const Errc code = code_of(host, listener_.port(), Reach::public_only);
    EXPECT_TRUE(code == Errc::destination_denied || code == Errc::upstream_dns) << host << ": " << name(code);
  }
}

TEST_F(Dialling, ConnectsToTheAddressThatWasChecked) {
  auto stream = dial("origin.test", listener_.port(), Reach::anywhere);
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->socket().remote_endpoint().address().to_string(), "127.0.0.1");
  EXPECT_TRUE(loop_.run(accept_one(listener_)));
}

TEST_F(Dialling, S1RefusesDeniedAddressesWithoutARoute) {
  for (const char* host :
       {"127.0.0.1", "::1", "origin.test", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "localhost"})
    EXPECT_EQ(code_of(host, listener_.port(), Reach::public_only), Errc::destination_denied) << host;
}

TEST_F(Dialling, RefusesPublicAddressesForPlaintext) {
  EXPECT_EQ(code_of("public.test", 80, Reach::private_only), Errc::destination_denied);
  EXPECT_TRUE(dial("127.0.0.1", listener_.port(), Reach::private_only));
}

TEST_F(Dialling, S4RefusesTheProxysOwnPortByEveryName) {
  own_ports_.push_back(listener_.port());
  for (const char* host : {"127.0.0.1", "127.0.0.2", "::1", "0.0.0.0", "::ffff:127.0.0.1", "origin.test", "localhost"})
    EXPECT_EQ(code_of(host, listener_.port(), Reach::anywhere), Errc::destination_denied) << host;
}

TEST_F(Dialling, SaysWhenNobodyListens) {
  const std::uint16_t port = listener_.port();
  listener_.close();
  EXPECT_EQ(code_of("127.0.0.1", port, Reach::anywhere), Errc::upstream_connect);
}

/// Holds the threads of a pool, all of them, until it ends.
class Occupied {
 public:
  Occupied(BlockingPool& pool, std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i)
      EXPECT_TRUE(pool.post([over = over_] { over.wait(); }));
  }
  Occupied(const Occupied&) = delete;
  Occupied& operator=(const Occupied&) = delete;
  ~Occupied() { end_.set_value(); }

 private:
  std::promise<void> end_;
  std::shared_future<void> over_ = end_.get_future().share();
};

TEST_F(Dialling, Q9DeadNamesWithoutARouteDoNotHoldUpRoutes) {
  BlockingPool routes{2}, others{2};
  Dialer dialer(loop_.watchdog, resolver_, {routes, others}, {milliseconds(200), milliseconds(5'000)}, own_ports_);
  const auto code = [&](Reach reach) {
    const auto stream = loop_.run(dialer.dial("localhost", listener_.port(), reach));
    return stream ? std::optional<Errc>() : stream.error().code;
  };
  {
    const Occupied held(others, 2);
    EXPECT_EQ(code(Reach::anywhere), std::nullopt);
    EXPECT_EQ(code(Reach::private_only), std::nullopt) << "a route without TLS";
    EXPECT_EQ(code(Reach::public_only), Errc::upstream_timeout);
  }
  const Occupied held(routes, 2);
  EXPECT_EQ(code(Reach::public_only), Errc::destination_denied) << "looked up, and loopback";
  EXPECT_EQ(code(Reach::anywhere), Errc::upstream_timeout);
}

TEST_F(Dialling, AStoppedWorkerDialsNoMore) {
  loop_.watchdog.interrupt_all();
  EXPECT_EQ(code_of("localhost", listener_.port(), Reach::anywhere), Errc::cancelled);
}

TEST(Listener, SaysWhichPortIsInUse) {
  EventLoop loop;
  const auto first = Listener::bind(loop.io.get_executor(), 0, Sharing::none).value();
  const auto second = Listener::bind(loop.io.get_executor(), first.port(), Sharing::none);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::port_in_use);
  EXPECT_NE(second.error().context.find(std::to_string(first.port())), std::string::npos);
}

TEST(Listener, WorkersShareAPortWhenTheyAllSaySo) {
  EventLoop loop;
  const auto first = Listener::bind(loop.io.get_executor(), 0, Sharing::first).value();
  EXPECT_TRUE(Listener::bind(loop.io.get_executor(), first.port(), Sharing::join));
  EXPECT_FALSE(Listener::bind(loop.io.get_executor(), first.port(), Sharing::none));
  EXPECT_FALSE(Listener::bind(loop.io.get_executor(), first.port(), Sharing::first))
      << "another process, as far as it knows";
}

TEST(Listener, ClosingEndsAPendingAccept) {
  EventLoop loop;
  auto listener = Listener::bind(loop.io.get_executor(), 0, Sharing::none).value();
  std::optional<Result<>> accepted;
  loop.start(accept_one(listener), accepted);
  loop.settle();
  listener.close();
  loop.run_until([&] { return accepted.has_value(); });
  EXPECT_EQ(accepted->error().code, Errc::cancelled);
}

/// Takes every descriptor that the process may still open.
std::vector<int> exhaust_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 256;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  std::vector<int> taken;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
    taken.push_back(fd);
  return taken;
}

int accept_without_descriptors() {
  EventLoop loop;
  auto listener = Listener::bind(loop.io.get_executor(), 0, Sharing::none).value();
  Socket client(loop.io.get_executor());
  client.open(asio::ip::tcp::v4());
  const std::vector<int> taken = exhaust_descriptors();
  client.connect(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), listener.port()));
  std::optional<Result<>> accepted;
  loop.start(accept_one(listener), accepted);
  loop.io.run_for(milliseconds(50));
  if (accepted) return 1;
  for (const int fd : taken)
    ::close(fd);
  loop.run_until([&] { return accepted.has_value(); });
  return accepted->has_value() ? 0 : 2;
}

/// UBSan, which is built in together with ASan, looks at objects through a pipe: it reports a fault where none can be had.
constexpr bool kChecksNeedDescriptors =
#if defined(__SANITIZE_ADDRESS__)
    true;
#elif defined(__has_feature)
    __has_feature(address_sanitizer);
#else
    false;
#endif

TEST(ListenerDeathTest, Q2WithoutDescriptorsItWaitsAndGoesOn) {
  if (kChecksNeedDescriptors) GTEST_SKIP() << "UBSan's checks fail without descriptors";
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT(::_exit(accept_without_descriptors()), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace cordon::net
