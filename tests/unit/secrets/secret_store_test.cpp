#include <cordon/secret_store.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Answers with its key, and records how much time it was given.
class RecordingSource final : public SecretSource {
 public:
  explicit RecordingSource(std::chrono::milliseconds& time_given) : time_given_(time_given) {}

  Result<Secret> fetch(const SecretRef& ref, Clock::time_point deadline) const override {
    time_given_ = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const std::string& key = std::get<PluggedRef>(ref).key;
    if (key == "throw") throw std::runtime_error("quotes a canary");
    if (key == "missing") return fail(Errc::secret_missing, "no such entry");
    return Secret(key);
  }

  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  std::chrono::milliseconds& time_given_;
};

TEST(SecretStore, FetchesAVariableOfItsEnvironment) {
  const auto store = SecretStore::create({}, {{"KEY", "value\n"}, {"EMPTY", ""}});
  EXPECT_EQ(store.fetch(EnvRef{"KEY"}, 1s).value().reveal(), "value");
  EXPECT_EQ(store.cost(EnvRef{"KEY"}), FetchCost::immediate);
  EXPECT_EQ(store.fetch(EnvRef{"EMPTY"}, 1s).error().code, Errc::secret_invalid);
  const auto missing = store.fetch(EnvRef{"OTHER"}, 1s);
  EXPECT_EQ(missing.error().code, Errc::secret_missing);
  EXPECT_NE(missing.error().context.find("OTHER"), std::string::npos);
}

TEST(SecretStore, CopiesTheProcessEnvironment) {
  ::setenv("CORDON_TEST_VARIABLE", "a=b", 1);  // NOLINT(concurrency-mt-unsafe)
  const Environment environment = current_environment();
  ::unsetenv("CORDON_TEST_VARIABLE");  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(environment.at("CORDON_TEST_VARIABLE"), "a=b");
  EXPECT_EQ(SecretStore::create({}, environment).fetch(EnvRef{"CORDON_TEST_VARIABLE"}, 1s).value().reveal(), "a=b");
}

TEST(SecretStore, TakesTheTimeoutOfAProvider) {
  SecretsConfig config;
  config.providers.push_back({"1password", std::nullopt, 3s});
  const auto store = SecretStore::create(config, {});
  EXPECT_EQ(store.default_deadline(OnePasswordRef{}), 3s);
  EXPECT_EQ(store.default_deadline(EnvRef{}), 15s);
  EXPECT_EQ(store.default_deadline(PluggedRef{}), 15s);
}

TEST(SecretStore, AsksThePluggedInStore) {
  std::chrono::milliseconds time_given{0};
  auto store = SecretStore::create({}, {});
  store.plug("mine", std::make_unique<RecordingSource>(time_given));
  EXPECT_EQ(store.fetch(PluggedRef{"mine", "key\r\n"}, 1s).value().reveal(), "key");
  EXPECT_EQ(store.cost(PluggedRef{"mine", "key"}), FetchCost::may_block);
  EXPECT_EQ(store.fetch(PluggedRef{"mine", "a\nb"}, 1s).error().code, Errc::secret_invalid);
  EXPECT_EQ(store.fetch(PluggedRef{"mine", "missing"}, 7s).error().code, Errc::secret_missing);
  EXPECT_GT(time_given, 6s);
  EXPECT_LE(time_given, 7s);
  EXPECT_EQ(store.fetch(PluggedRef{"other", "key"}, 1s).error().code, Errc::store_unavailable);
  EXPECT_EQ(store.cost(PluggedRef{"other", "key"}), FetchCost::immediate);
}

TEST(SecretStore, TurnsAnExceptionOfAPluginIntoAnErrorWithoutItsText_R9) {
  std::chrono::milliseconds time_given{0};
  auto store = SecretStore::create({}, {});
  store.plug("mine", std::make_unique<RecordingSource>(time_given));
  const auto failed = store.fetch(PluggedRef{"mine", "throw"}, 1s);
  EXPECT_EQ(failed.error().code, Errc::internal);
  EXPECT_EQ(failed.error().context.find("canary"), std::string::npos);
}

TEST(SecretStore, KeepsWorkingAfterAMove) {
  auto first = SecretStore::create({}, {{"KEY", "value"}, {"PATH", "/usr/bin:/bin"}});
  auto second = std::move(first);
  auto third = SecretStore::create({}, {});
  third = std::move(second);
  EXPECT_EQ(third.fetch(EnvRef{"KEY"}, 1s).value().reveal(), "value");
  EXPECT_EQ(third.fetch(CommandRef{{"echo", "hello"}, {}}, 10s).value().reveal(), "hello");
}

}  // namespace
}  // namespace cordon
