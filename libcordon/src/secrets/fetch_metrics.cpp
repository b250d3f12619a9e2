#include "secrets/fetch_metrics.hpp"

#include <algorithm>

namespace cordon::secrets {
namespace {

constexpr std::array<std::string_view, kSourceKinds> kNames = {"1password", "keyring", "env",
                                                               "file",      "command", "plugged"};

std::size_t bucket_of(std::chrono::nanoseconds took) noexcept {
  const double seconds = std::chrono::duration<double>(took).count();
  return static_cast<std::size_t>(std::ranges::lower_bound(kFetchBounds, seconds) - kFetchBounds.begin());
}

}  // namespace

void FetchMetrics::count(const SecretRef& ref, std::chrono::nanoseconds took, Outcome outcome) noexcept {
  Counters& counters = counters_[ref.index()];
  if (outcome == Outcome::failure) counters.failures.fetch_add(1, std::memory_order_relaxed);
  counters.nanoseconds.fetch_add(static_cast<std::uint64_t>(std::max(took, took.zero()).count()),
                                 std::memory_order_relaxed);
  counters.buckets[bucket_of(took)].fetch_add(1, std::memory_order_relaxed);
}

std::array<FetchFigures, kSourceKinds> FetchMetrics::figures() const noexcept {
  std::array<FetchFigures, kSourceKinds> all;
  for (std::size_t kind = 0; kind < kSourceKinds; ++kind) {
    const Counters& counters = counters_[kind];
    FetchFigures& figures = all[kind];
    figures.source = kNames[kind];
    figures.failures = counters.failures.load(std::memory_order_relaxed);
    figures.seconds = static_cast<double>(counters.nanoseconds.load(std::memory_order_relaxed)) / 1e9;
    for (std::size_t i = 0; i < figures.buckets.size(); ++i) {
      figures.buckets[i] = counters.buckets[i].load(std::memory_order_relaxed);
      figures.fetches += figures.buckets[i];
    }
  }
  return all;
}

}  // namespace cordon::secrets
