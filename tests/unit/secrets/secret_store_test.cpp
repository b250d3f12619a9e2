#include <cordon/secret_store.hpp>

#include <atomic>
#include <chrono>
#include <map>
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
                                       PluggedRef{"none", "x"}};
  const auto results = store.check(refs);
  ASSERT_EQ(results.size(), refs.size());
  std::vector<std::string_view> names;
  for (const auto& result : results)
    names.push_back(result ? "fine" : name(result.error().code));
  EXPECT_EQ(names, (std::vector<std::string_view>{"fine", "secret_missing", "fine", "file_unsafe", "fine",
                                                  "store_unavailable", "secret_timeout", "store_unavailable"}));
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

/// A store that can be written to, in memory.
class WritableSource final : public SecretSource {
 public:
  explicit WritableSource(std::map<std::string, std::string>& entries) : entries_(entries) {}

  Result<Secret> fetch(const SecretRef& ref, Clock::time_point /*deadline*/) const override {
    const auto found = entries_.find(std::get<PluggedRef>(ref).key);
    if (found == entries_.end()) return fail(Errc::secret_missing);
    return Secret(found->second);
  }
  Result<> can_change(const SecretRef& ref) const override {
    if (std::get<PluggedRef>(ref).key == "throw at once") throw std::runtime_error("quotes a canary");
    return {};
  }
  Result<> put(const SecretRef& ref, const Secret& value, Clock::time_point deadline) const override {
    if (std::get<PluggedRef>(ref).key == "throw") throw std::runtime_error("quotes a canary");
    EXPECT_GT(deadline, Clock::now());
    entries_[std::get<PluggedRef>(ref).key] = value.reveal();
    return {};
  }
  Result<> remove(const SecretRef& ref, Clock::time_point /*deadline*/) const override {
    return entries_.erase(std::get<PluggedRef>(ref).key) == 1 ? Result<>() : fail(Errc::secret_missing);
  }
  FetchCost cost() const noexcept override { return FetchCost::immediate; }

 private:
  std::map<std::string, std::string>& entries_;
};

struct SecretStoreChange : testing::Test {
  SecretStoreChange() { store.plug("mine", std::make_unique<WritableSource>(entries)); }
  std::map<std::string, std::string> entries;
  SecretStore store = SecretStore::create({}, {});
};

TEST_F(SecretStoreChange, PutsAndRemoves) {
  const PluggedRef ref{"mine", "key"};
  EXPECT_TRUE(store.can_change(ref));
  ASSERT_TRUE(store.put(ref, Secret("value\r\n")));
  EXPECT_EQ(entries["key"], "value");
  ASSERT_TRUE(store.put(ref, Secret("other")));
  EXPECT_EQ(store.fetch(ref, 1s).value().reveal(), "other");
  ASSERT_TRUE(store.remove(ref));
  EXPECT_EQ(store.remove(ref).error().code, Errc::secret_missing);
}

TEST_F(SecretStoreChange, StoresNothingThatCouldNotBeFetched_H9) {
  for (const std::string& value : {std::string(), std::string("\n"), std::string("can\nary"),
                                   std::string("can\0ary", 7), std::string(65537, 'c')}) {
    const auto refused = store.put(PluggedRef{"mine", "key"}, Secret(value));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::secret_invalid);
    EXPECT_EQ(refused.error().context.find("can"), std::string::npos);
  }
  EXPECT_TRUE(entries.empty());
}

TEST_F(SecretStoreChange, SaysWhatToDoWhereItOnlyReads) {
  RecordingSource::Record record;
  store.plug("readable", std::make_unique<RecordingSource>(record));
  struct Case {
    SecretRef ref;
    std::string_view advice;
  };
  for (const auto& [ref, advice] :
       {Case{OnePasswordRef{"my vault", "item", "field", ""}, "op item edit item --vault 'my vault'"},
        Case{EnvRef{"KEY"}, "set KEY where Cordon is started"},
        Case{FileRef{"/run/a key"}, "'/run/a key' yourself, with mode 0600"},
        Case{CommandRef{{"pass", "show", "an-argument"}, {}}, "the command `pass` is only run"},
        Case{PluggedRef{"readable", "key"}, "the entry key of the store readable is only read here"}}) {
    for (const auto& refused : {store.can_change(ref), store.put(ref, Secret("value")), store.remove(ref)}) {
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, Errc::not_supported);
      EXPECT_NE(refused.error().context.find(advice), std::string::npos) << refused.error().context;
      EXPECT_EQ(refused.error().context.find("an-argument"), std::string::npos);
    }
  }
}

TEST_F(SecretStoreChange, FailsWithoutQuotingWhatAStoreThrows_R9) {
  const auto failed = store.put(PluggedRef{"mine", "throw"}, Secret("value"));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::internal);
  EXPECT_EQ(failed.error().context.find("canary"), std::string::npos);
  EXPECT_EQ(store.can_change(PluggedRef{"mine", "throw at once"}).error().code, Errc::internal);
  EXPECT_EQ(store.put(PluggedRef{"mine", "throw at once"}, Secret("value")).error().code, Errc::internal);
  EXPECT_EQ(store.remove(PluggedRef{"mine", "throw at once"}).error().code, Errc::internal);
  EXPECT_EQ(store.put(PluggedRef{"none", "x"}, Secret("value")).error().code, Errc::store_unavailable);
}

}  // namespace
}  // namespace cordon
