#include "secrets/alarm.hpp"

namespace cordon::secrets {

void Alarm::expect(TimePoint due) {
  const std::scoped_lock lock(mutex_);
  if (due >= due_) return;
  due_ = due;
  changed_.notify_one();
}

bool Alarm::wait() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (due_ == TimePoint::max()) {
      changed_.wait(lock);
      continue;
    }
    const auto left = due_ + kGrain - base::BootClock::now();
    if (left <= left.zero()) {
      due_ = TimePoint::max();
      return true;
    }
    changed_.wait_for(lock, left);
  }
  return false;
}

void Alarm::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  changed_.notify_one();
}

}  // namespace cordon::secrets
