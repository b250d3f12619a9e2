#include "secrets/cache_entry.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "secrets/cache_shared.hpp"
#include "secrets/value.hpp"

namespace cordon::secrets {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::system_clock;

Error overrun(const SecretRef& ref, milliseconds deadline) {
  return {Errc::secret_timeout, fmt::format("{}: the store did not answer within {} s", place_of(ref),
                                            std::chrono::duration<double>(deadline).count())};
}

Error stuck(const SecretRef& ref, int calls) {
  return {Errc::secret_timeout,
          fmt::format("{}: {} calls of the store have not returned; mend it, or restart Cordon", place_of(ref), calls)};
}

}  // namespace

struct CacheEntry::Flight {
  const TimePoint began;
  const std::uint64_t generation;
  std::vector<Done> waiters;  // under the entry's lock
};

// What is left to do once the lock is released.
struct CacheEntry::Landing {
  Result<SharedSecret> result;
  std::vector<Done> waiters;
  std::shared_ptr<Flight> following;
  SharedSecret dropped;
};

CacheEntry::CacheEntry(SecretRef ref, std::shared_ptr<CacheShared> shared)
    : ref_(std::move(ref)),
      shared_(std::move(shared)),
      cost_(shared_->store->cost(ref_)),
      ttl_(shared_->time_of(ref_)),
      deadline_(shared_->store->default_deadline(ref_)) {
}

CacheEntry::~CacheEntry() = default;

SharedSecret CacheEntry::current() {
  if (ttl_ == ttl_.zero()) return nullptr;
  const TimePoint now = shared_->now();
  SharedSecret expired;  // wiped after the lock is released
  Lock lock(mutex_);
  if (!is_current(now, lock)) {
    expired = std::move(value_);
    return nullptr;
  }
  SharedSecret value = value_;
  if (now < refresh_at_ || !may_start(now, lock)) return value;
  const auto refresh = board({}, now, lock);
  lock.unlock();
  depart(refresh);
  return value;
}

void CacheEntry::fetch(Done done) {
  if (immediate()) return done(fetch_here());
  const TimePoint now = shared_->now();
  end_overrun(now);
  Lock lock(mutex_);
  if (auto known = known_outcome(now, lock)) {
    lock.unlock();
    return done(std::move(*known));
  }
  if (flight_) {
    auto& waiters = may_join(*flight_, lock) ? flight_->waiters : next_;
    waiters.push_back(std::move(done));
    return;
  }
  std::vector<Done> waiters;
  waiters.push_back(std::move(done));
  const auto flight = board(std::move(waiters), now, lock);
  lock.unlock();
  depart(flight);
}

std::uint64_t CacheEntry::fingerprint(const SharedSecret& value) const noexcept {
  return shared_->fingerprint(value->reveal());
}

void CacheEntry::accepted(const SharedSecret& used) {
  const Lock lock(mutex_);
  if (used && used == value_) drop_rule_.on_acceptance();
}

void CacheEntry::rejected(const SharedSecret& used, Rejection rejection) {
  const TimePoint now = shared_->now();
  SharedSecret dropped;
  const Lock lock(mutex_);
  const bool certain = rejection == Rejection::certain;
  const bool may_drop = certain ? immediate() || drop_rule_.allows_certain(now) : drop_rule_.allows(now);
  if (!used || !is_current(now, lock) || used->reveal() != value_->reveal() || !may_drop) return;
  drop_rule_.on_drop(shared_->fingerprint(value_->reveal()), now);
  dropped = std::move(value_);
  ++generation_;
}

void CacheEntry::forget() {
  SharedSecret dropped;
  const Lock lock(mutex_);
  dropped = std::move(value_);
  ++generation_;
  failure_.reset();
  drop_rule_ = {};
}

SecretStatus CacheEntry::status() const {
  const TimePoint now = shared_->now();
  const Lock lock(mutex_);
  SecretStatus status = status_;
  status.held = is_current(now, lock);
  return status;
}

CacheEntry::TimePoint CacheEntry::sweep() {
  const TimePoint now = shared_->now();
  end_overrun(now);
  SharedSecret expired;
  const Lock lock(mutex_);
  if (value_ && now >= expires_) expired = std::move(value_);
  const TimePoint landed = flight_ ? overrun_of(*flight_) : TimePoint::max();
  return value_ ? std::min(expires_, landed) : landed;
}

void CacheEntry::close() {
  Landing landing{fail(Errc::cancelled), {}, {}, {}};
  {
    const Lock lock(mutex_);
    closed_ = true;
    landing.dropped = std::move(value_);
    landing.waiters = std::exchange(next_, {});
    if (const auto flight = std::exchange(flight_, nullptr)) {
      ++stuck_;
      std::ranges::move(flight->waiters, std::back_inserter(landing.waiters));
    }
  }
  finish(landing);
}

bool CacheEntry::may_start(TimePoint now, const Lock&) const noexcept {
  const bool failed_lately = failure_ && now < failure_->until;
  return !immediate() && !flight_ && !failed_lately && stuck_ < kMaxStuck && !closed_;
}

bool CacheEntry::may_join(const Flight& flight, const Lock&) const noexcept {
  return ttl_ > ttl_.zero() && flight.generation == generation_;
}

// What can be said without the store.
std::optional<Result<SharedSecret>> CacheEntry::known_outcome(TimePoint now, const Lock& lock) const {
  if (closed_) return fail(Errc::cancelled);
  if (is_current(now, lock)) return value_;
  if (failure_ && now < failure_->until) return std::unexpected(failure_->error);
  if (!flight_ && stuck_ >= kMaxStuck) return std::unexpected(stuck(ref_, stuck_));
  return std::nullopt;
}

CacheEntry::TimePoint CacheEntry::overrun_of(const Flight& flight) const noexcept {
  return flight.began + deadline_ + kGrace;
}

std::shared_ptr<CacheEntry::Flight> CacheEntry::board(std::vector<Done> waiters, TimePoint now, const Lock&) {
  flight_ = std::make_shared<Flight>(now, generation_, std::move(waiters));
  shared_->alarm.expect(overrun_of(*flight_));
  return flight_;
}

// After board(), without the lock.
void CacheEntry::depart(const std::shared_ptr<Flight>& flight) {
  bool running = false;
  try {
    running = shared_->options.run([self = shared_from_this(), flight] { self->fly(flight); });
  } catch (const std::exception&) {
    running = false;  // no memory: as if there were no thread
  }
  if (!running) land(flight, fail(Errc::internal, "too many fetches wait for a thread"));
}

// On the thread that may block.
void CacheEntry::fly(const std::shared_ptr<Flight>& flight) {
  {
    const Lock lock(mutex_);
    if (flight_ != flight) {  // given up while it waited for a thread
      --stuck_;
      return;
    }
  }
  const auto waited = duration_cast<milliseconds>(shared_->now() - flight->began);
  land(flight, ask_store(std::max(deadline_ - waited, milliseconds(1))));
}

Result<SharedSecret> CacheEntry::ask_store(milliseconds deadline) const {
  try {
    auto secret = shared_->store->fetch(ref_, deadline);
    if (!secret) return std::unexpected(std::move(secret).error());
    return std::make_shared<const Secret>(std::move(*secret));
  } catch (const std::exception&) {
    return fail(Errc::internal, "out of memory");
  }
}

// For a source that answers at once: each caller asks for itself.
Result<SharedSecret> CacheEntry::fetch_here() {
  const TimePoint now = shared_->now();
  Lock lock(mutex_);
  if (auto known = known_outcome(now, lock)) return std::move(*known);
  Flight flight{now, generation_, {}};
  lock.unlock();
  auto result = ask_store(deadline_);
  lock.lock();
  Landing landing = conclude(flight, std::move(result), shared_->now(), lock);
  lock.unlock();
  return std::move(landing.result);
}

void CacheEntry::land(const std::shared_ptr<Flight>& flight, Result<SharedSecret> result) {
  Lock lock(mutex_);
  if (flight_ != flight) {  // given up; whoever waited knows
    --stuck_;
    return;
  }
  flight_.reset();
  Landing landing = conclude(*flight, std::move(result), shared_->now(), lock);
  lock.unlock();
  finish(landing);
}

// Leaves the thread of a flight that overran to itself.
void CacheEntry::end_overrun(TimePoint now) {
  Lock lock(mutex_);
  if (!flight_ || now < overrun_of(*flight_)) return;
  const auto flight = std::exchange(flight_, nullptr);
  ++stuck_;
  Landing landing = conclude(*flight, std::unexpected(overrun(ref_, deadline_)), now, lock);
  lock.unlock();
  finish(landing);
}

CacheEntry::Landing CacheEntry::conclude(Flight& flight, Result<SharedSecret> result, TimePoint now, const Lock& lock) {
  using Outcome = FetchMetrics::Outcome;
  shared_->options.metrics->count(ref_, now - flight.began, result ? Outcome::value : Outcome::failure);
  Landing landing{std::move(result), std::move(flight.waiters), {}, {}};
  const bool counts = flight.generation == generation_;
  if (counts) keep(flight, landing.result, now, landing);
  if (next_.empty()) return landing;
  if (counts && !landing.result) {
    // A failure is remembered, for these too.
    std::ranges::move(std::exchange(next_, {}), std::back_inserter(landing.waiters));
  } else {
    landing.following = board(std::exchange(next_, {}), now, lock);
  }
  return landing;
}

void CacheEntry::keep(const Flight& flight, const Result<SharedSecret>& result, TimePoint now, Landing& landing) {
  record(flight, result, now);
  if (!result) {
    if (!immediate()) failure_ = {result.error(), now + kFailureTime};
    return;
  }
  failure_.reset();
  // From the flight's begin: the value may have been read then.
  const TimePoint expires = flight.began + ttl_;
  drop_rule_.on_fetch(shared_->fingerprint((*result)->reveal()), expires);
  if (now >= expires) return;
  landing.dropped = std::exchange(value_, *result);
  expires_ = expires;
  refresh_at_ = flight.began + ttl_ / 2;
  shared_->alarm.expect(expires_);
}

void CacheEntry::record(const Flight& flight, const Result<SharedSecret>& result, TimePoint now) {
  if (result) {
    status_.fetched = system_clock::now();
    status_.took = duration_cast<milliseconds>(now - flight.began);
    status_.last_error.reset();
    status_.failed.reset();
  } else {
    status_.last_error = result.error();
    status_.failed = system_clock::now();
  }
}

void CacheEntry::finish(const Landing& landing) {
  if (landing.following) depart(landing.following);
  for (const Done& done : landing.waiters)
    done(landing.result);
}

}  // namespace cordon::secrets
