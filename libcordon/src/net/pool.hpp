// Idle connections to origins, kept for the next request to the same place.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/stream.hpp"

namespace cordon::net {

/// One a worker. A key names everything that must be equal for a connection to be used again.
class Pool final : public Watched {
 public:
  static constexpr std::size_t kMaxIdle = 1024;  ///< In all; one more is closed instead of kept.

  explicit Pool(Watchdog& watchdog) : Watched(watchdog) {}

  /// The connection put back last under `key` that is still good, or null.
  std::unique_ptr<Stream> take(std::string_view key);

  /// Keeps `stream` for at most `idle`. Not at all when the worker is stopping or `idle` is not positive.
  void put(std::string_view key, std::unique_ptr<Stream> stream, std::chrono::milliseconds idle);

  std::size_t size() const noexcept { return size_; }
  void clear() noexcept;

 private:
  struct Idle {
    std::unique_ptr<Stream> stream;
    Clock::time_point until;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  void cancel_pending() noexcept override;
  void drop_expired(Clock::time_point now) noexcept;

  std::unordered_map<std::string, std::deque<Idle>, Hash, std::equal_to<>> idle_;
  std::size_t size_ = 0;
  Clock::time_point next_sweep_ = kNever;
};

}  // namespace cordon::net
