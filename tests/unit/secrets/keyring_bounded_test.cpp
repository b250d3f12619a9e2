#include "secrets/keyring_bounded.hpp"

#include <gtest/gtest.h>

#include "unit/secrets/fake_keyring.hpp"

namespace cordon::secrets {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const KeyringRef kRef{.account = "a", .service = "s", .decode = ""};

struct BoundedKeyringTest : testing::Test {
  std::shared_ptr<FakeKeyring::State> state = std::make_shared<FakeKeyring::State>();
  std::unique_ptr<Keyring> keyring = with_deadlines(std::make_unique<FakeKeyring>(state));

  void TearDown() override {
    state->hangs = false;
    while (state->running != 0)
      std::this_thread::yield();
  }
};

using BoundedKeyring = BoundedKeyringTest;

TEST_F(BoundedKeyring, PassesCallsOn) {
  const auto soon = Clock::now() + 10s;
  EXPECT_EQ(keyring->look_up(kRef, soon).error(), KeyringFault::missing);
  ASSERT_TRUE(keyring->store(kRef, Secret("value"), soon));
  EXPECT_EQ(keyring->look_up(kRef, soon).value().reveal(), "value");
  ASSERT_TRUE(keyring->remove(kRef, soon));
  EXPECT_EQ(keyring->remove(kRef, soon).error(), KeyringFault::missing);
}

TEST_F(BoundedKeyring, LeavesACallThatHangsAtTheDeadline) {
  state->hangs = true;
  const auto start = Clock::now();
  EXPECT_EQ(keyring->look_up(kRef, start + 50ms).error(), KeyringFault::timed_out);
  EXPECT_EQ(keyring->store(kRef, Secret("value"), start + 100ms).error(), KeyringFault::timed_out);
  EXPECT_EQ(keyring->remove(kRef, start + 150ms).error(), KeyringFault::timed_out);
  EXPECT_LT(Clock::now() - start, 5s);
  EXPECT_EQ(state->calls, 1) << "the later ones waited for the first";
}

TEST_F(BoundedKeyring, WorksAgainOnceTheCallHasEnded) {
  state->entries[{"s", "a"}] = "value";
  state->hangs = true;
  EXPECT_EQ(keyring->look_up(kRef, Clock::now() + 20ms).error(), KeyringFault::timed_out);
  state->hangs = false;
  EXPECT_EQ(keyring->look_up(kRef, Clock::now() + 10s).value().reveal(), "value");
}

TEST_F(BoundedKeyring, MayEndBeforeACallThatHangs) {
  state->hangs = true;
  EXPECT_EQ(keyring->store(kRef, Secret("value"), Clock::now() + 20ms).error(), KeyringFault::timed_out);
  keyring.reset();
  state->hangs = false;
  while (state->running != 0)
    std::this_thread::yield();
  const std::scoped_lock lock(state->mutex);
  EXPECT_EQ((state->entries[{"s", "a"}]), "value");
}

}  // namespace
}  // namespace cordon::secrets
