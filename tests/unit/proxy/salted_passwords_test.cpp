#include "proxy/salted_passwords.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

#include <asio/co_spawn.hpp>

#include "support/event_loop.hpp"

namespace cordon::proxy {
namespace {

using postgres::Derivation;
using secrets::SharedSecret;
using Answer = std::optional<Result<SaltedPasswords::Salted>>;

SharedSecret make_secret(std::string text) {
  return std::make_shared<const Secret>(text);
}

class SaltedPasswordsTest : public ::testing::Test {
 protected:
  /// Asks in the background; `answer` outlives the loop's runs.
  void ask(std::string listener, const SharedSecret& password, std::uint64_t fingerprint, Derivation derivation,
           Answer& answer, std::chrono::milliseconds time = std::chrono::seconds(30)) {
    loop_.start(
        salted_.obtain(std::move(listener), password, fingerprint, std::move(derivation), net::Clock::now() + time),
        answer);
  }

  SaltedPasswords::Salted obtain(std::string listener, const SharedSecret& password, std::uint64_t fingerprint,
                                 Derivation derivation) {
    Answer answer;
    ask(std::move(listener), password, fingerprint, std::move(derivation), answer);
    loop_.run_until([&] { return answer.has_value(); });
    return answer && *answer ? **answer : nullptr;
  }

  test::EventLoop loop_;
  net::BlockingPool threads_{4};
  SaltedPasswords salted_{loop_.watchdog, threads_, std::chrono::milliseconds(200)};
  const SharedSecret password_ = make_secret("password");
  const Derivation derivation_{"salt", 4096};
};

TEST_F(SaltedPasswordsTest, AreDerivedOnceAndKept) {
  const auto first = obtain("db", password_, 1, derivation_);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->reveal(), postgres::derive_salted_password("password", derivation_)->reveal());
  EXPECT_EQ(obtain("db", password_, 1, derivation_), first);
  EXPECT_EQ(obtain("db", make_secret("password"), 1, derivation_), first) << "fetched anew, and the same";
  EXPECT_EQ(salted_.size(), 1U);
}

// PG16
TEST_F(SaltedPasswordsTest, BelongToOnePasswordDerivationAndListener) {
  const auto first = obtain("db", password_, 1, derivation_);
  EXPECT_NE(obtain("db", make_secret("rotated"), 2, derivation_)->reveal(), first->reveal());
  EXPECT_NE(obtain("db", password_, 1, {"salt", 4097})->reveal(), first->reveal());
  EXPECT_NE(obtain("db", password_, 1, {"another", 4096})->reveal(), first->reveal());
  EXPECT_NE(obtain("other", password_, 1, derivation_), first);
}

TEST_F(SaltedPasswordsTest, OneListenersSaltsDisplaceNoOthers) {
  const auto honest = obtain("honest", password_, 1, derivation_);
  for (std::uint32_t i = 0; i < 10; ++i)
    obtain("hostile", password_, 1, {"salt" + std::to_string(i), 4096});
  EXPECT_LE(salted_.size(), 5U);
  EXPECT_EQ(obtain("honest", password_, 1, derivation_), honest);
}

// Q10, for hashing: who asks for the same shares one derivation.
TEST_F(SaltedPasswordsTest, AreSharedByAllWhoAskMeanwhile) {
  std::array<Answer, 50> answers;
  for (Answer& answer : answers)
    ask("db", password_, 1, {"salt", 200'000}, answer);
  loop_.run_until(
      [&] { return std::ranges::all_of(answers, [](const Answer& answer) { return answer.has_value(); }); });
  for (const Answer& answer : answers) {
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ(**answer, **answers.front());
  }
}

// Q9: an origin that wants seconds of hashing takes one thread, not all.
TEST_F(SaltedPasswordsTest, OneListenerHasOneDerivationAtATime) {
  std::array<Answer, 8> slow;
  for (std::size_t i = 0; i < slow.size(); ++i)
    ask("slow", password_, 1, {"salt" + std::to_string(i), 3'000'000}, slow[i], std::chrono::milliseconds(300));
  EXPECT_NE(obtain("other", password_, 1, derivation_), nullptr);
  loop_.run_until([&] { return std::ranges::all_of(slow, [](const Answer& answer) { return answer.has_value(); }); });
  for (const Answer& answer : slow) {
    ASSERT_TRUE(answer && !*answer);
    EXPECT_EQ(answer->error().code, Errc::timed_out);
  }
}

TEST_F(SaltedPasswordsTest, AreDroppedWhenTheirTimeIsUp) {
  obtain("db", password_, 1, derivation_);
  EXPECT_EQ(salted_.size(), 1U);
  loop_.run_until([&] { return salted_.size() == 0; });
  EXPECT_EQ(salted_.size(), 0U);
}

TEST_F(SaltedPasswordsTest, AreDroppedAtOnceWhenTold) {
  obtain("db", password_, 1, derivation_);
  salted_.clear();
  EXPECT_EQ(salted_.size(), 0U);
}

}  // namespace
}  // namespace cordon::proxy
