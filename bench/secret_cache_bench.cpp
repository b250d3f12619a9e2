// What a request pays for its secret: a hit in the cache, by one worker and by several at once, and the sources that are
// asked each time.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>

#include "secrets/cache.hpp"

namespace {

using namespace cordon;

std::unique_ptr<secrets::Cache> make_cache(std::optional<std::chrono::milliseconds> ttl) {
  auto store = SecretStore::create({}, {{"KEY", "sk_live_0123456789abcdef0123456789"}});
  secrets::CacheOptions options;
  options.ttl = ttl;
  options.run = [](const std::function<void()>&) { return false; };  // nothing here needs a thread
  return std::make_unique<secrets::Cache>(std::make_shared<const SecretStore>(std::move(store)), std::move(options));
}

/// The value is there and its time is not up.
void hit(benchmark::State& state) {
  static const auto cache = make_cache(std::chrono::hours(24));
  static const auto entry = cache->entry(EnvRef{"KEY"});
  if (state.thread_index() == 0) entry->fetch([](const auto&) {});
  for (auto _ : state) {
    if (!entry->current()) {
      state.SkipWithError("the value is not there");
      break;
    }
  }
}
BENCHMARK(hit)->Threads(1)->Threads(2)->UseRealTime();

/// Nothing is kept of a source that answers at once: what asking it costs beside that.
void ask_environment(benchmark::State& state) {
  const auto cache = make_cache({});
  const auto entry = cache->entry(EnvRef{"KEY"});
  std::size_t size = 0;
  for (auto _ : state) {
    entry->fetch([&size](const Result<secrets::SharedSecret>& value) { size += (*value)->size(); });
  }
  benchmark::DoNotOptimize(size);
}
BENCHMARK(ask_environment);

}  // namespace

BENCHMARK_MAIN();
