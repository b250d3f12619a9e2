// One secret in the cache.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include <cordon/secret_store.hpp>

#include "base/clock.hpp"
#include "secrets/drop_rule.hpp"

namespace cordon::secrets {

struct CacheShared;

/// Shared by the requests that are using a value and the cache, which may drop it meanwhile: it is wiped after its last use.
using SharedSecret = std::shared_ptr<const Secret>;

/// The value of one SecretRef, and the one fetch of it that may be under way (its flight). Got from Cache::entry; the cache
/// outlives what is asked of its entries. Thread-safe: one entry serves all workers.
class CacheEntry : public std::enable_shared_from_this<CacheEntry> {  // a flight's thread may be the last to hold it
 public:
  using TimePoint = base::BootClock::time_point;

  /// Gets the outcome of a fetch, exactly once and without any lock held: at once, or from another thread. Must not throw.
  /// Errors: what the store says; secret_timeout when it did not return in time; internal (no thread, no memory);
  /// cancelled when the cache has ended. Must not end the cache itself.
  using Done = std::function<void(Result<SharedSecret>)>;

  /// A failure is given to all who ask until this much later, so that a store that is down is not hammered. Sources that
  /// answer at once are asked again each time.
  static constexpr std::chrono::seconds kFailureTime{2};

  /// What a store gets beyond its deadline before the cache stops waiting for it.
  static constexpr std::chrono::seconds kGrace{1};

  /// So many threads of one entry may be stuck in a store that ignores its deadline. Until one of them returns, further
  /// fetches fail without a thread of their own.
  static constexpr int kMaxStuck = 4;

  CacheEntry(SecretRef ref, std::shared_ptr<CacheShared> shared);
  CacheEntry(const CacheEntry&) = delete;
  CacheEntry& operator=(const CacheEntry&) = delete;
  ~CacheEntry();

  const SecretRef& ref() const noexcept { return ref_; }

  /// Whether fetch() calls back before it returns, because the source answers at once.
  bool immediate() const noexcept { return cost_ == FetchCost::immediate; }

  /// The value while it is within its time, else null: then fetch(). Past half of its time it is fetched anew in the
  /// background; when that fails, it stays until its time is up. Never waits for a store and, but for starting that fetch,
  /// never allocates.
  SharedSecret current();

  /// The value, from the cache or the store. Those who ask while a flight is under way share it; where nothing is kept
  /// (a time of zero) or the value was dropped since the flight's start, they share the next one, so that nobody gets a
  /// value from before they asked.
  void fetch(Done done);

  /// What an origin's refusal says of the value.
  enum class Rejection : unsigned char {
    doubtful,  ///< 401 or 403: it may be right, and lack a right.
    certain,   ///< It is not the password.
  };

  /// An origin refused `used`: drops it if it is still the current value and DropRule allows. What is certainly wrong, and costs
  /// nothing to fetch again, is always dropped.
  void rejected(const SharedSecret& used, Rejection rejection = Rejection::doubtful);

  /// A number that tells values apart and says nothing about them: another one in each process.
  std::uint64_t fingerprint(const SharedSecret& value) const noexcept;

  /// An origin has accepted `used`, for certain: the next refusal of it counts, however soon it comes.
  void accepted(const SharedSecret& used);

  /// Drops the value and all that was learnt from failures; a flight that is under way no longer counts. For a value that
  /// was changed through us.
  void forget();

  /// All but `source`, which the caller knows how to describe.
  SecretStatus status() const;

  /// Drops the value when its time is up, and ends a flight that overran its deadline.
  /// @returns when it should be called again, or TimePoint::max()
  TimePoint sweep();

  /// Ends the flight with cancelled, and every later fetch. For the cache's end.
  void close();

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Flight;
  struct Landing;

  struct Failure {
    Error error;
    TimePoint until;
  };

  // Those that want `mutex_` held take the lock as a witness.
  bool is_current(TimePoint now, const Lock&) const noexcept { return value_ && now < expires_; }
  bool may_start(TimePoint now, const Lock&) const noexcept;
  bool may_join(const Flight& flight, const Lock&) const noexcept;
  std::optional<Result<SharedSecret>> known_outcome(TimePoint now, const Lock&) const;
  std::shared_ptr<Flight> board(std::vector<Done> waiters, TimePoint now, const Lock&);
  Landing conclude(Flight& flight, Result<SharedSecret> result, TimePoint now, const Lock&);
  void keep(const Flight& flight, const Result<SharedSecret>& result, TimePoint now, Landing& landing);
  void record(const Flight& flight, const Result<SharedSecret>& result, TimePoint now);
  TimePoint overrun_of(const Flight& flight) const noexcept;

  Result<SharedSecret> fetch_here();
  Result<SharedSecret> ask_store(std::chrono::milliseconds deadline) const;
  void depart(const std::shared_ptr<Flight>& flight);
  void fly(const std::shared_ptr<Flight>& flight);
  void land(const std::shared_ptr<Flight>& flight, Result<SharedSecret> result);
  void finish(const Landing& landing);
  void end_overrun(TimePoint now);

  const SecretRef ref_;
  const std::shared_ptr<CacheShared> shared_;  // what all entries of a cache use; threads that are stuck use it still
  const FetchCost cost_;
  const std::chrono::milliseconds ttl_;
  const std::chrono::milliseconds deadline_;

  mutable std::mutex mutex_;  // never held while a store, a callback or another thread is called
  SharedSecret value_;
  TimePoint expires_{};
  TimePoint refresh_at_{};
  std::shared_ptr<Flight> flight_;  // shared with the thread that fetches
  std::vector<Done> next_;          // wait for the flight after this one
  std::uint64_t generation_ = 0;    // counts drops: a flight of an earlier one is not kept
  std::optional<Failure> failure_;
  DropRule drop_rule_;
  int stuck_ = 0;
  bool closed_ = false;
  SecretStatus status_;
};

}  // namespace cordon::secrets
