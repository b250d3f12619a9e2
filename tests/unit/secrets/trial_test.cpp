#include <atomic>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include <cordon/diagnostics.hpp>

#include "support/temp_dir.hpp"

namespace cordon {
namespace {

using namespace std::chrono_literals;

SecretRef slow(std::string output) {
  return CommandRef{.argv = {"sh", "-c", "sleep 0.3; " + std::move(output)}, .timeout = 20s};
}

TEST(SecretTrial, TellsHowEachFetchWent) {
  const auto store = SecretStore::create({}, {{"KEY", "value"}, {"PATH", "/usr/bin:/bin"}});
  const SecretRef refs[] = {EnvRef{"KEY"}, EnvRef{"NONE"}, slow("echo x")};
  const auto trials = try_secrets(store, refs);
  ASSERT_EQ(trials.size(), 3U);
  EXPECT_FALSE(trials[0].error);
  ASSERT_TRUE(trials[1].error);
  EXPECT_EQ(trials[1].error->code, Errc::secret_missing);
  EXPECT_FALSE(trials[2].error);
  EXPECT_GE(trials[2].took, 300ms);
  EXPECT_LT(trials[0].took, trials[2].took);
}

TEST(SecretTrial, FetchesAllAtTheSameTime) {
  const auto store = SecretStore::create({}, {{"PATH", "/usr/bin:/bin"}});
  const std::vector<SecretRef> refs(20, slow("echo x"));
  const auto start = std::chrono::steady_clock::now();
  for (const SecretTrial& trial : try_secrets(store, refs))
    EXPECT_FALSE(trial.error) << trial.error->context;
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20 * 300ms);
}

TEST(SecretTrial, OfNothingIsNothing) {
  EXPECT_TRUE(try_secrets(SecretStore::create({}, {}), {}).empty());
}

TEST(SecretTrial, GivesOneResultEachInOrder) {
  const test::TempDir dir;
  const auto store = SecretStore::create({}, {{"KEY", "value"}, {"PATH", "/usr/bin:/bin"}});
  const std::vector<SecretRef> refs = {EnvRef{"KEY"},
                                       EnvRef{"OTHER"},
                                       FileRef{dir.write("key", "x")},
                                       FileRef{dir.write("open", "x", 0644)},
                                       CommandRef{{"echo", "x"}, {}},
                                       CommandRef{{"false"}, {}},
                                       CommandRef{{"sleep", "100"}, 100ms},
                                       PluggedRef{"none", "x"}};
  std::vector<std::string_view> names;
  for (const SecretTrial& trial : try_secrets(store, refs))
    names.push_back(trial.error ? name(trial.error->code) : "fine");
  EXPECT_EQ(names, (std::vector<std::string_view>{"fine", "secret_missing", "fine", "file_unsafe", "fine",
                                                  "store_unavailable", "secret_timeout", "store_unavailable"}));
}

/// Records how many of its calls ran at one time.
class CountingSource final : public SecretSource {
 public:
  struct Record {
    std::atomic<int> running = 0, most = 0, calls = 0;
  };

  explicit CountingSource(Record& record) : record_(record) {}
  Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
    const int running = ++record_.running;
    for (int most = record_.most; running > most && !record_.most.compare_exchange_weak(most, running);) {
    }
    std::this_thread::sleep_for(50ms);
    ++record_.calls;
    --record_.running;
    return Secret("x");
  }
  FetchCost cost() const noexcept override { return FetchCost::may_block; }

 private:
  Record& record_;
};

TEST(SecretTrial, RunsInParallelWithABoundOnThreads) {
  CountingSource::Record record;
  auto store = SecretStore::create({}, {});
  store.plug("mine", std::make_unique<CountingSource>(record));
  const std::vector<SecretRef> refs(100, PluggedRef{"mine", "key"});
  for (const SecretTrial& trial : try_secrets(store, refs))
    EXPECT_FALSE(trial.error);
  EXPECT_EQ(record.calls, 100);
  EXPECT_GT(record.most, 1);
  EXPECT_LE(record.most, 32);
}

}  // namespace
}  // namespace cordon
