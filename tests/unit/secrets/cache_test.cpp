#include "secrets/cache.hpp"

#include <random>
#include <thread>

#include "unit/secrets/cache_fixture.hpp"

namespace cordon::secrets {
namespace {

/// Runs each job on a thread of its own; waits for them at its end.
class Threads {
 public:
  ~Threads() { join(); }
  bool post(std::function<void()> job) {
    const std::scoped_lock lock(mutex_);
    threads_.emplace_back(std::move(job));
    return true;
  }
  void join() {
    std::vector<std::thread> threads;
    for (;;) {
      {
        const std::scoped_lock lock(mutex_);
        threads.swap(threads_);
      }
      if (threads.empty()) return;
      for (auto& thread : threads)
        thread.join();
      threads.clear();
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

/// A cache as the proxy has it: real threads, a real clock.
struct LiveCache {
  explicit LiveCache(std::chrono::milliseconds ttl) {
    auto store = SecretStore::create({}, {{"KEY", "value"}});
    store.plug("scripted", std::make_unique<ScriptedSource>(script, FetchCost::may_block));
    CacheOptions options;
    options.ttl = ttl;
    options.run = [this](std::function<void()> job) { return threads.post(std::move(job)); };
    cache.emplace(std::make_shared<const SecretStore>(std::move(store)), std::move(options));
  }

  std::shared_ptr<StoreScript> script = std::make_shared<StoreScript>();
  Threads threads;
  std::optional<Cache> cache;
};

template <class Condition>
bool comes_true(Condition condition) {
  for (const auto end = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

TEST(TimeToLive, DependsOnTheSource) {
  EXPECT_EQ(time_to_live(OnePasswordRef{}), 15min);
  EXPECT_EQ(time_to_live(KeyringRef{}), 60s);
  EXPECT_EQ(time_to_live(EnvRef{}), 0s);
  EXPECT_EQ(time_to_live(FileRef{}), 0s);
  EXPECT_EQ(time_to_live(CommandRef{}), 15min);
  EXPECT_EQ(time_to_live(PluggedRef{}), 0s);
}

TEST(CacheShared, PrefersTheConfigurationsTime) {
  const auto store = std::make_shared<const SecretStore>(SecretStore::create({}, {}));
  EXPECT_EQ(CacheShared(store, {}).time_of(CommandRef{}), 15min);
  CacheOptions options;
  options.ttl = 7s;
  EXPECT_EQ(CacheShared(store, options).time_of(CommandRef{}), 7s);
  EXPECT_EQ(CacheShared(store, options).time_of(EnvRef{}), 7s) << "for every source";
  options.ttl = std::chrono::milliseconds::max();
  EXPECT_GT(base::BootClock::now() + CacheShared(store, options).time_of(EnvRef{}), base::BootClock::now());
}

TEST(CacheShared, TellsValuesApartByFingerprint) {
  const auto store = std::make_shared<const SecretStore>(SecretStore::create({}, {}));
  const CacheShared one(store, {}), other(store, {});
  EXPECT_EQ(one.fingerprint("value"), one.fingerprint("value"));
  EXPECT_NE(one.fingerprint("value"), one.fingerprint("valuf"));
  EXPECT_NE(one.fingerprint("value"), other.fingerprint("value")) << "of no use to anybody else";
}

TEST_F(CacheTest, SharesOneEntryAmongEqualReferences) {
  EXPECT_EQ(cache->entry(PluggedRef{"scripted", "key"}), entry);
  EXPECT_NE(cache->entry(PluggedRef{"scripted", "other"}), entry);
  EXPECT_NE(cache->entry(KeyringRef{"a", "cordon", ""}), cache->entry(KeyringRef{"a", "cordon", "go-keyring"}));
  EXPECT_NE(cache->entry(CommandRef{{"a"}, 1s}), cache->entry(CommandRef{{"a"}, 2s}));
  const std::vector<std::shared_ptr<CacheEntry>> different = {
      cache->entry(OnePasswordRef{"x", "x", "x", ""}), cache->entry(KeyringRef{"x", "x", ""}),
      cache->entry(EnvRef{"x"}), cache->entry(FileRef{"x"}), cache->entry(CommandRef{{"x"}, {}})};
  for (std::size_t i = 0; i < different.size(); ++i)
    EXPECT_EQ(different[i]->ref().index(), i);
}

TEST_F(CacheTest, ForgetsAnEntryThatNobodyHolds) {
  EXPECT_EQ(request(), "first");
  entry.reset();
  cache->sweep();
  entry = cache->entry(ref);
  EXPECT_EQ(held(), "(none)");
}

TEST_F(CacheTest, ForgetsEveryValueWhileTheEntriesStayGood) {
  EXPECT_EQ(request(), "first");
  cache->forget_all();
  script->answer("second");
  EXPECT_EQ(held(), "(none)");
  EXPECT_EQ(request(), "second");
}

TEST_F(CacheTest, SweepsEveryEntryAndSaysWhenNext) {
  const auto other = cache->entry(PluggedRef{"scripted", "other"});
  EXPECT_EQ(cache->sweep(), CacheEntry::TimePoint::max());
  EXPECT_EQ(request(), "first");
  const auto begun = now;
  now += 10s;
  Caller caller;
  other->fetch(caller.done());
  executor.run_all();
  EXPECT_EQ(cache->sweep(), begun + kTtl);
  now = begun + kTtl;
  EXPECT_EQ(cache->sweep(), begun + 10s + kTtl);
}

TEST_F(CacheTest, CancelsWhatWaitsWhenItEnds) {
  rebuild(0ms, FetchCost::may_block);
  Caller now_flying, next;
  entry->fetch(now_flying.done());
  entry->fetch(next.done());
  cache.reset();
  EXPECT_EQ(now_flying.outcome(), "(cancelled)");
  EXPECT_EQ(next.outcome(), "(cancelled)");
  EXPECT_EQ(request(), "(cancelled)") << "and what comes later";
}

TEST_F(CacheTest, CountsFetchesByKindOfSource) {
  script->while_asked = [this] { now += 30ms; };
  EXPECT_EQ(request(), "first");
  entry->forget();
  script->fail_with(Errc::secret_missing);
  script->while_asked = [this] { now += 20s; };
  EXPECT_EQ(request(), "(secret_missing)");
  const auto all = cache->metrics().figures();
  EXPECT_EQ(all[0].source, "1password");
  EXPECT_EQ(all[0].fetches, 0U);
  const FetchFigures& plugged = all.back();
  EXPECT_EQ(plugged.source, "plugged");
  EXPECT_EQ(plugged.fetches, 2U);
  EXPECT_EQ(plugged.failures, 1U);
  EXPECT_DOUBLE_EQ(plugged.seconds, 20.03);
  EXPECT_EQ(plugged.buckets[3], 1U) << "up to 0.05 s";
  EXPECT_EQ(plugged.buckets.back(), 1U) << "over 10 s";
}

TEST(CachePrefetch, PrimesEachEntryOnceInParallel) {
  LiveCache live(1min);
  std::atomic<int> running = 0, most = 0;
  live.script->while_asked = [&] {
    const int count = ++running;
    for (int seen = most; count > seen && !most.compare_exchange_weak(seen, count);) {
    }
    std::this_thread::sleep_for(5ms);
    --running;
  };
  std::vector<std::shared_ptr<CacheEntry>> entries;
  for (int i = 0; i < 100; ++i)
    entries.push_back(live.cache->entry(PluggedRef{"scripted", std::to_string(i % 50)}));
  for (const auto& result : live.cache->prefetch(entries))
    EXPECT_TRUE(result);
  EXPECT_EQ(live.script->asked, 50);
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 32);
  for (const auto& entry : entries)
    EXPECT_NE(entry->current(), nullptr);
  EXPECT_EQ(live.script->asked, 50);
}

TEST(CachePrefetch, GivesOneResultEachInOrder) {
  LiveCache live(0ms);
  live.script->fail_with(Errc::store_unavailable);
  const std::vector<std::shared_ptr<CacheEntry>> entries = {
      live.cache->entry(EnvRef{"KEY"}), live.cache->entry(PluggedRef{"scripted", "a"}), live.cache->entry(EnvRef{"NO"}),
      live.cache->entry(PluggedRef{"scripted", "a"})};
  std::vector<std::string_view> names;
  for (const auto& result : live.cache->prefetch(entries))
    names.push_back(result ? "fine" : name(result.error().code));
  EXPECT_EQ(names, (std::vector<std::string_view>{"fine", "store_unavailable", "secret_missing", "store_unavailable"}));
  EXPECT_EQ(live.script->asked, 1) << "also where nothing is kept";
  EXPECT_TRUE(live.cache->prefetch({}).empty());
}

TEST(CacheLive, DropsAValueWhenItsTimeIsUpThoughNobodyAsks) {
  LiveCache live(100ms);
  const auto entry = live.cache->entry(PluggedRef{"scripted", "key"});
  std::mutex mutex;
  std::weak_ptr<const Secret> value;
  entry->fetch([&](const Result<SharedSecret>& result) {
    const std::scoped_lock lock(mutex);
    value = result.value();
  });
  live.threads.join();
  EXPECT_TRUE(comes_true([&] {
    const std::scoped_lock lock(mutex);
    return value.expired();
  }));
}

TEST(CacheLive, EndsAFlightThatOverrunsThoughNobodyAsks_Q9) {
  LiveCache live(1min);
  auto store = SecretStore::create({}, {});
  // A store with a deadline of its own reference, which it ignores.
  const CommandRef ref{{"sh", "-c", "echo value"}, 20ms};
  CacheOptions options;
  std::function<void()> stuck;
  options.run = [&](std::function<void()> job) {
    stuck = std::move(job);
    return true;
  };
  Cache cache(std::make_shared<const SecretStore>(std::move(store)), std::move(options));
  std::atomic<bool> timed_out = false;
  cache.entry(ref)->fetch(
      [&](const Result<SharedSecret>& result) { timed_out = !result && result.error().code == Errc::secret_timeout; });
  EXPECT_TRUE(comes_true([&] { return timed_out.load(); }));
  stuck();
}

/// Requests, refusals, drops, refreshes, failures and sweeps at once. What it finds is what a sanitizer finds, that every
/// callback comes exactly once, and that no value is older than it may be.
TEST(CacheLive, StandsManyThreads) {
  constexpr int kRequests = 3000;
  std::atomic<int> answered = 0, asked = 0;
  for (const auto ttl : {0ms, 1ms, 20ms}) {
    LiveCache live(ttl);
    std::atomic<int> answers = 0;
    live.script->while_asked = [&] {
      const int count = ++answers;
      if (count % 50 == 7) {
        live.script->fail_with(Errc::store_unavailable);
      } else {
        live.script->answer(std::to_string(count));
      }
    };
    const auto entry = live.cache->entry(PluggedRef{"scripted", "key"});
    std::vector<std::thread> users;
    for (unsigned user = 0; user < 4; ++user) {
      users.emplace_back([&, user] {
        std::minstd_rand random(user + 1);
        for (int i = 0; i < kRequests; ++i) {
          auto value = entry->current();
          if (value && random() % 16 == 0) entry->rejected(value);
          if (!value) {
            ++asked;
            entry->fetch([&answered](const Result<SharedSecret>& result) {
              EXPECT_TRUE(result || result.error().code == Errc::store_unavailable);
              ++answered;
            });
          }
          const auto kind = random() % 64;
          if (kind == 0) entry->forget();
          if (kind == 1) live.cache->sweep();
          if (kind == 2) answered += entry->status().source.empty() ? 0 : 1;
          if (kind == 3) std::this_thread::sleep_for(1ms);
        }
      });
    }
    for (auto& user : users)
      user.join();
    live.threads.join();
    EXPECT_GT(live.script->asked, 1);
  }
  EXPECT_EQ(answered, asked);
}

}  // namespace
}  // namespace cordon::secrets
