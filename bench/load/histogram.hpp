// Counts of durations in buckets that grow with the value: each power of two is cut into 64, so a percentile is right
// to 1.6 %.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace load {

class Histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[std::min(bucket_of(value), counts_.size() - 1)];
    ++total_;
    max_ = std::max(max_, value);
  }

  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t max() const noexcept { return max_; }

  /// The value below which `share` (0 to 1) of all lie; 0 when there is none.
  std::uint64_t percentile(double share) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted) {
        return std::min(upper_end(bucket), max_);
      }
    }
    return max_;
  }

 private:
  static constexpr unsigned kBits = 6;  // 64 buckets for each power of two
  static constexpr std::uint64_t kCut = 1U << kBits;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < 2 * kCut) {
      return static_cast<std::size_t>(value);
    }
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return static_cast<std::size_t>(shift * kCut + (value >> shift));
  }

  static std::uint64_t upper_end(std::size_t bucket) noexcept {
    if (bucket < 2 * kCut) {
      return bucket;
    }
    const auto shift = bucket / kCut - 1;
    return ((bucket - shift * kCut + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 40 * kCut> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace load
