// When a value that an origin has refused may be dropped from the cache.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"

namespace cordon::secrets {

/// A 401 or 403 means a rotated secret at best, and a right that the secret never had at worst: then dropping it for every
/// such answer would ask the store for every request. So a secret is dropped at most once in kInterval, and one that the
/// store gave again after a drop is kept for its time. Not synchronised.
class DropRule {
 public:
  using TimePoint = base::BootClock::time_point;

  static constexpr std::chrono::seconds kInterval{5};

  bool allows(TimePoint now) const noexcept { return is_spaced(now) && now >= kept_until_; }

  /// The same for a refusal that can mean nothing but a wrong value: it was rotated when it has worked before, and the store may
  /// have been behind when it was asked last.
  bool allows_certain(TimePoint now) const noexcept { return worked_ || is_spaced(now); }

  /// The value known by `fingerprint` has been dropped.
  void on_drop(std::uint64_t fingerprint, TimePoint now) noexcept;

  /// The store gave the value known by `fingerprint`, whose time is up at `expires`.
  void on_fetch(std::uint64_t fingerprint, TimePoint expires) noexcept;

  /// The origin has accepted the present value.
  void on_acceptance() noexcept { worked_ = true; }

 private:
  bool is_spaced(TimePoint now) const noexcept { return now >= next_drop_; }

  TimePoint next_drop_{};   // until then nothing is dropped
  TimePoint kept_until_{};  // until then the store's present value is not dropped: it was given again after a drop
  std::uint64_t kept_ = 0;
  bool worked_ = false;
  std::optional<std::uint64_t> dropped_;  // until the fetch that follows
};

}  // namespace cordon::secrets
