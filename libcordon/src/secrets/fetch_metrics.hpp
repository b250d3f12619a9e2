// What fetching secrets has cost so far, for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>

#include <cordon/config.hpp>

namespace cordon::secrets {

/// The upper bounds of the histogram's buckets, in seconds: Prometheus' customary ones. One more bucket has no bound.
inline constexpr std::array<double, 11> kFetchBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

/// The fetches of one kind of source.
struct FetchFigures {
  std::string_view source;  ///< As in cordon.toml, or `plugged`. Lives for ever.
  std::uint64_t fetches = 0;
  std::uint64_t failures = 0;                                    ///< Of the fetches, those that gave no value.
  std::array<std::uint64_t, kFetchBounds.size() + 1> buckets{};  ///< Fetches by time taken; each fetch in one bucket.
  double seconds = 0;                                            ///< The time of all fetches.
};

inline constexpr std::size_t kSourceKinds = std::variant_size_v<SecretRef>;

/// Counts fetches. Thread-safe and without locks; figures of a moment may miss the latest fetches.
class FetchMetrics {
 public:
  enum class Outcome : std::uint8_t { value, failure };

  void count(const SecretRef& ref, std::chrono::nanoseconds took, Outcome outcome) noexcept;

  /// By the kind's place in SecretRef.
  std::array<FetchFigures, kSourceKinds> figures() const noexcept;

 private:
  struct Counters {
    std::array<std::atomic<std::uint64_t>, kFetchBounds.size() + 1> buckets{};
    std::atomic<std::uint64_t> failures = 0;
    std::atomic<std::uint64_t> nanoseconds = 0;
  };
  std::array<Counters, kSourceKinds> counters_;
};

}  // namespace cordon::secrets
