#include "proxy/salted_passwords.hpp"

#include <gtest/gtest.h>

#include "support/event_loop.hpp"

namespace cordon::proxy {
namespace {

using postgres::Derivation;
using secrets::SharedSecret;

SharedSecret make_secret(std::string text) {
  return std::make_shared<const Secret>(text);
}

class SaltedPasswordsTest : public ::testing::Test {
 protected:
  test::EventLoop loop_;
  SaltedPasswords kept_{loop_.io.get_executor()};
  SharedSecret password_ = make_secret("password");
  const Derivation derivation_{"salt", 4096};
};

TEST_F(SaltedPasswordsTest, GiveWhatWasDerivedFromThePasswordInThatWay) {
  EXPECT_EQ(kept_.find(password_, derivation_), nullptr);
  const auto salted = make_secret("salted");
  kept_.keep(password_, derivation_, salted);
  EXPECT_EQ(kept_.find(password_, derivation_), salted);
  EXPECT_EQ(kept_.find(password_, {"salt", 4097}), nullptr);
  EXPECT_EQ(kept_.find(password_, {"another", 4096}), nullptr);
}

// PG16: one that was fetched anew is another, even if the store says the same.
TEST_F(SaltedPasswordsTest, BelongToOneFetchOfThePassword) {
  kept_.keep(password_, derivation_, make_secret("salted"));
  EXPECT_EQ(kept_.find(make_secret("password"), derivation_), nullptr);
}

TEST_F(SaltedPasswordsTest, AreKeptOnce) {
  const auto first = make_secret("salted");
  kept_.keep(password_, derivation_, first);
  kept_.keep(password_, derivation_, make_secret("salted"));
  EXPECT_EQ(kept_.size(), 1U);
  EXPECT_EQ(kept_.find(password_, derivation_), first);
}

TEST_F(SaltedPasswordsTest, AreBoundedAndTheOldestGoesFirst) {
  for (std::uint32_t i = 0; i < 65; ++i)
    kept_.keep(password_, {"salt", 4096 + i}, make_secret("salted"));
  EXPECT_EQ(kept_.size(), 64U);
  EXPECT_EQ(kept_.find(password_, {"salt", 4096}), nullptr);
  EXPECT_NE(kept_.find(password_, {"salt", 4097}), nullptr);
  EXPECT_NE(kept_.find(password_, {"salt", 4096 + 64}), nullptr);
}

TEST_F(SaltedPasswordsTest, AreWipedWithinASecondOfThePassword) {
  const SharedSecret other = make_secret("other");
  kept_.keep(password_, derivation_, make_secret("salted"));
  kept_.keep(other, derivation_, make_secret("salted too"));
  const std::weak_ptr<const Secret> salted = kept_.find(password_, derivation_);
  const auto began = net::Clock::now();
  password_.reset();
  loop_.run_until([&] { return salted.expired(); });
  EXPECT_LT(net::Clock::now() - began, std::chrono::seconds(1));
  EXPECT_EQ(kept_.size(), 1U);
  EXPECT_NE(kept_.find(other, derivation_), nullptr);
}

// An idle worker has no timer: the sweep ends with the last entry and begins with the next.
TEST_F(SaltedPasswordsTest, AreLookedAfterOnlyWhileThereAreSome) {
  for (int round = 0; round < 2; ++round) {
    SharedSecret password = make_secret("password");
    kept_.keep(password, derivation_, make_secret("salted"));
    password.reset();
    loop_.io.restart();
    loop_.io.run_for(test::EventLoop::kPatience);
    EXPECT_TRUE(loop_.io.stopped()) << "it has run out of work";
    EXPECT_EQ(kept_.size(), 0U);
  }
}

}  // namespace
}  // namespace cordon::proxy
