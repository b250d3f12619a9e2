// The real libsecret, where there is no keyring; tests/integration/test_keyring.py has one.
#ifdef __linux__
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"
#include "secrets/keyring.hpp"
#include "support/temp_dir.hpp"

namespace cordon::secrets {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const KeyringRef kRef{.account = "a", .service = "s", .decode = ""};

/// Each test is a process of its own under CTest; in one process, what they set is put back.
class SystemKeyring : public testing::Test {
 protected:
  void SetUp() override {
    const char* bus = std::getenv("DBUS_SESSION_BUS_ADDRESS");
    before_ = bus == nullptr ? "" : bus;
    ::setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
  }
  void TearDown() override { use_bus(before_); }

  static void use_bus(const std::string& address) { ::setenv("DBUS_SESSION_BUS_ADDRESS", address.c_str(), 1); }
  std::string socket_path() const { return (folder_.path() / "hangs").native(); }

  /// A socket that lets connect and never says a word.
  base::UniqueFd silent_bus() {
    base::UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener.get(), 8), 0);
    use_bus("unix:path=" + socket_path());
    return listener;
  }

 private:
  test::TempDir folder_;
  std::string before_;
};

TEST_F(SystemKeyring, SaysThatThereIsNoBus_F1) {
  const auto keyring = system_keyring();
  use_bus("");
  EXPECT_EQ(keyring->look_up(kRef, Clock::now() + 10s).error(), KeyringFault::no_bus);
  use_bus("unix:path=" + socket_path());
  EXPECT_EQ(keyring->look_up(kRef, Clock::now() + 10s).error(), KeyringFault::no_bus);
  use_bus("nonsense");
  EXPECT_EQ(keyring->store(kRef, Secret("x"), Clock::now() + 10s).error(), KeyringFault::no_bus);
}

TEST_F(SystemKeyring, HoldsItsDeadlineWhenTheBusHangs_F1) {
  const auto listener = silent_bus();
  const auto keyring = system_keyring();
  const auto start = Clock::now();
  EXPECT_EQ(keyring->look_up(kRef, start + 100ms).error(), KeyringFault::timed_out);
  EXPECT_EQ(keyring->remove(kRef, start + 200ms).error(), KeyringFault::timed_out);
  EXPECT_LT(Clock::now() - start, 5s);
}

TEST_F(SystemKeyring, HoldsEachDeadlineWhileAnotherCallHangs_F1) {
  const auto listener = silent_bus();
  const auto keyring = system_keyring();
  const auto start = Clock::now();
  std::jthread other([&] { EXPECT_FALSE(keyring->look_up(kRef, start + 3s)); });
  pollfd entry{listener.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&entry, 1, 10'000), 1) << "the other call has not reached the bus";
  EXPECT_EQ(keyring->look_up(kRef, Clock::now() + 200ms).error(), KeyringFault::timed_out);
  EXPECT_LT(Clock::now() - start, 2500ms);
}

TEST_F(SystemKeyring, RefusesNamesThatAreNotText) {
  const auto keyring = system_keyring();
  for (const std::string& name : {std::string("\xff"), std::string("a\0b", 3)}) {
    EXPECT_EQ(keyring->look_up({name, "s", ""}, Clock::now() + 10s).error(), KeyringFault::bad_name);
    EXPECT_EQ(keyring->look_up({"a", name, ""}, Clock::now() + 10s).error(), KeyringFault::bad_name);
  }
}

TEST_F(SystemKeyring, LeavesTheProcessesSignalsAsTheyAre) {
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGPIPE, nullptr, &before), 0);
  const auto listener = silent_bus();
  EXPECT_FALSE(system_keyring()->look_up(kRef, Clock::now() + 50ms));
  struct sigaction after {};
  ASSERT_EQ(::sigaction(SIGPIPE, nullptr, &after), 0);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

}  // namespace
}  // namespace cordon::secrets
#endif
