// What the entries of one cache share.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <cordon/secret_store.hpp>

#include "base/clock.hpp"
#include "secrets/alarm.hpp"
#include "secrets/fetch_metrics.hpp"

namespace cordon::secrets {

struct CacheOptions {
  /// How long a value is kept. Absent: by source (time_to_live). Zero: a fetch for every request.
  std::optional<std::chrono::milliseconds> ttl;

  /// Runs a job on another thread and returns at once; false: the job was dropped. The job may block for as long as a store
  /// takes, and may be run after the cache has ended: it owns what it uses, and so must this function.
  std::function<bool(std::function<void()>)> run;

  /// Shared with whoever shows the figures, and with the caches before and after this one. Null: figures of its own.
  std::shared_ptr<FetchMetrics> metrics;

  /// For tests: the clock, in place of BootClock. The cache then starts no thread and Cache::sweep() is the caller's to call.
  std::function<base::BootClock::time_point()> clock;
};

/// How long a value of `ref` is kept when the configuration does not say: 15 min for 1Password and commands, 60 s for the
/// keyring, not at all for what answers at once or is plugged in.
std::chrono::milliseconds time_to_live(const SecretRef& ref) noexcept;

/// Constant but for the alarm and the figures, which are thread-safe.
struct CacheShared {
  CacheShared(std::shared_ptr<const SecretStore> store_, CacheOptions options_);

  base::BootClock::time_point now() const { return options.clock ? options.clock() : base::BootClock::now(); }
  std::chrono::milliseconds time_of(const SecretRef& ref) const noexcept;

  /// Tells whether two values are the same without keeping either. Differs from one run of the program to the next.
  std::uint64_t fingerprint(std::string_view value) const noexcept;

  std::shared_ptr<const SecretStore> store;  // shared with threads that are stuck in it
  CacheOptions options;
  std::uint64_t seed;
  Alarm alarm;  ///< For sweep().
};

}  // namespace cordon::secrets
