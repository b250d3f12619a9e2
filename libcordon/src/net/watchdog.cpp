#include "net/watchdog.hpp"

#include <algorithm>

namespace cordon::net {

Watched::Watched(Watchdog& watchdog) noexcept : watchdog_(watchdog) {
  watchdog_.add(*this);
  interrupted_ = watchdog_.stopping_;
}

Watched::~Watched() {
  watchdog_.remove(*this);
}

void Watched::set_deadline(Clock::time_point deadline) noexcept {
  deadline_ = deadline;
  expired_ = false;
  // Only for one that the next look would miss by more than the grain: setting the timer anew for each of many deadlines
  // a little before it would put the look off for ever.
  if (deadline < watchdog_.next_look_ - Watchdog::kGrain) watchdog_.schedule(deadline);
}

void Watched::expire_now() noexcept {
  if (expired_) return;
  expired_ = true;
  cancel_pending();
}

void Watched::interrupt() noexcept {
  if (interrupted_) return;
  interrupted_ = true;
  cancel_pending();
}

Errc Watched::reason() const noexcept {
  if (interrupted_) return Errc::cancelled;
  return expired_ ? Errc::timed_out : Errc::connection_lost;
}

void Watchdog::add(Watched& entry) noexcept {
  entry.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &entry;
  first_ = &entry;
}

void Watchdog::remove(Watched& entry) noexcept {
  (entry.previous_ != nullptr ? entry.previous_->next_ : first_) = entry.next_;
  if (entry.next_ != nullptr) entry.next_->previous_ = entry.previous_;
}

Clock::time_point Watchdog::look(Clock::time_point now) noexcept {
  auto next = Watched::kNever;
  // cancel_pending may remove other entries (a pool gives up idle connections), never its own.
  for (Watched* entry = first_; entry != nullptr; entry = entry->next_) {
    if (entry->expired_) continue;
    if (entry->deadline_ <= now) {
      entry->expired_ = true;
      entry->cancel_pending();
    }
    if (!entry->expired_) next = std::min(next, entry->deadline_);
  }
  return next;
}

void Watchdog::interrupt_all() noexcept {
  stopping_ = true;
  next_look_ = Watched::kNever;
  timer_.cancel();
  for (Watched* entry = first_; entry != nullptr; entry = entry->next_)
    entry->interrupt();
}

void Watchdog::schedule(Clock::time_point deadline) {
  if (stopping_ || deadline == Watched::kNever) return;
  next_look_ = std::max(deadline, Clock::now()) + kGrain;
  timer_.expires_at(next_look_);  // cancels the wait for the later time
  timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    next_look_ = Watched::kNever;
    schedule(look(Clock::now()));
  });
}

}  // namespace cordon::net
