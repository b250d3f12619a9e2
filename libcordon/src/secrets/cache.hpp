// Secrets in memory, each for its time: the hot path between a request and the owner's store.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "secrets/cache_entry.hpp"
#include "secrets/cache_shared.hpp"

namespace cordon::secrets {

/// The entries of one configuration. Thread-safe. A value leaves memory when its time is up, asked for or not: a thread of
/// the cache's own sweeps, which sleeps while there is nothing to drop. After a reload a new cache takes its place, so that
/// nothing of the old configuration's values is used again.
class Cache {
 public:
  Cache(std::shared_ptr<const SecretStore> store, CacheOptions options);
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// Ends what waits for entries with cancelled. Stores that are being asked are not waited for.
  ~Cache();

  /// The entry of `ref`: equal references share one, for as long as anyone holds it. Not const: it fetches for itself.
  std::shared_ptr<CacheEntry> entry(const SecretRef& ref);

  /// Fetches each of `entries` that has no value, in parallel, and waits for all of them, stores that ignore their deadline
  /// excepted. What is kept for a time is there for the first request then.
  /// @returns one result each, in the same order
  std::vector<Result<>> prefetch(std::span<const std::shared_ptr<CacheEntry>> entries);

  /// Drops every value and every remembered failure. Who holds one keeps it; entries stay good.
  void forget_all();

  /// Drops values whose time is up and ends flights that overran their deadline. Called by the cache's own thread; by tests
  /// that bring a clock.
  /// @returns when it should be called again, or TimePoint::max()
  CacheEntry::TimePoint sweep();

  const FetchMetrics& metrics() const noexcept { return *shared_->options.metrics; }

 private:
  struct Hash {
    std::size_t operator()(const SecretRef& ref) const;
  };

  std::vector<std::shared_ptr<CacheEntry>> live_entries();

  const std::shared_ptr<CacheShared> shared_;  // with the entries, which may outlive the cache by a fetch
  std::mutex mutex_;
  std::unordered_map<SecretRef, std::weak_ptr<CacheEntry>, Hash> entries_;
  std::thread sweeper_;
};

}  // namespace cordon::secrets
