#include <cordon/secret_store.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Answers with its key, slowly, and records how many calls ran at one time.
class RecordingSource final : public SecretSource {
 public:
  struct Record {
    std::atomic<int> running = 0, most = 0, calls = 0;
    std::chrono::milliseconds delay{0};
    std::atomic<std::chrono::milliseconds::rep> time_given = 0;
  };

  explicit RecordingSource(Record& record) : record_(record) {}

  Result<Secret> fetch(const SecretRef& ref, Clock::time_point deadline) const override {
    const int running = ++record_.running;
    for (int most = record_.most; running > most && !record_.most.compare_exchange_weak(most, running);) {
    }
    record_.time_given = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    std::this_thread::sleep_for(record_.delay);
    ++record_.calls;
    --record_.running;
    const std::string& key = std::get<PluggedRef>(ref).key;
    if (key == "throw") throw std::runtime_error("quotes a canary");
    if (key == "missing") return fail(Errc::secret_missing, "no such entry");
    return Secret(key);
  }

  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  Record& record_;
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

TEST(SecretStore, SaysWhatThisVersionCannotDo_F1) {
  const auto store = SecretStore::create({});
  const KeyringRef ref{"a", "cordon", ""};
  const auto refused = store.fetch(ref, 1s);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::not_supported);
  EXPECT_NE(refused.error().context.find("source = \"command\""), std::string::npos) << "names a way that works";
  EXPECT_EQ(store.cost(ref), FetchCost::immediate);
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
  RecordingSource::Record record;
  auto store = SecretStore::create({}, {});
  store.plug("mine", std::make_unique<RecordingSource>(record));
  EXPECT_EQ(store.fetch(PluggedRef{"mine", "key\r\n"}, 1s).value().reveal(), "key");
  EXPECT_EQ(store.cost(PluggedRef{"mine", "key"}), FetchCost::may_block);
  EXPECT_EQ(store.fetch(PluggedRef{"mine", "a\nb"}, 1s).error().code, Errc::secret_invalid);
  EXPECT_EQ(store.fetch(PluggedRef{"mine", "missing"}, 7s).error().code, Errc::secret_missing);
  EXPECT_GT(record.time_given, 6000);
  EXPECT_LE(record.time_given, 7000);
  EXPECT_EQ(store.fetch(PluggedRef{"other", "key"}, 1s).error().code, Errc::store_unavailable);
  EXPECT_EQ(store.cost(PluggedRef{"other", "key"}), FetchCost::immediate);
}

TEST(SecretStore, TurnsAnExceptionOfAPluginIntoAnErrorWithoutItsText_R9) {
  RecordingSource::Record record;
  auto store = SecretStore::create({}, {});
  store.plug("mine", std::make_unique<RecordingSource>(record));
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

TEST(SecretStoreCheck, GivesOneResultEachInOrder) {
  const test::TempDir dir;
  const auto store = SecretStore::create({}, {{"KEY", "value"}, {"PATH", "/usr/bin:/bin"}});
  const std::vector<SecretRef> refs = {EnvRef{"KEY"},
                                       EnvRef{"OTHER"},
                                       FileRef{dir.write("key", "x")},
                                       FileRef{dir.write("open", "x", 0644)},
                                       CommandRef{{"echo", "x"}, {}},
                                       CommandRef{{"false"}, {}},
                                       CommandRef{{"sleep", "100"}, 100ms},
                                       KeyringRef{"a", "cordon", ""}};
  const auto results = store.check(refs);
  ASSERT_EQ(results.size(), refs.size());
  std::vector<std::string_view> names;
  for (const auto& result : results)
    names.push_back(result ? "fine" : name(result.error().code));
  EXPECT_EQ(names, (std::vector<std::string_view>{"fine", "secret_missing", "fine", "file_unsafe", "fine",
                                                  "store_unavailable", "secret_timeout", "not_supported"}));
  EXPECT_TRUE(store.check({}).empty());
}

TEST(SecretStoreCheck, RunsInParallelWithABoundOnThreads) {
  RecordingSource::Record record;
  record.delay = 50ms;
  auto store = SecretStore::create({}, {});
  store.plug("mine", std::make_unique<RecordingSource>(record));
  const std::vector<SecretRef> refs(100, PluggedRef{"mine", "key"});
  for (const auto& result : store.check(refs))
    EXPECT_TRUE(result);
  EXPECT_EQ(record.calls, 100);
  EXPECT_GT(record.most, 1);
  EXPECT_LE(record.most, 32);
}

}  // namespace
}  // namespace cordon
