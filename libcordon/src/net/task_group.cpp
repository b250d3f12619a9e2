#include "net/task_group.hpp"

namespace cordon::net {

TaskGroup::Member::Member(TaskGroup& group) noexcept : group_(group), next_(group.first_) {
  if (next_ != nullptr) next_->previous_ = this;
  group.first_ = this;
  ++group.size_;
}

TaskGroup::Member::~Member() {
  (previous_ != nullptr ? previous_->next_ : group_.first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (--group_.size_ == 0 && group_.draining_) group_.empty_.set();
}

void TaskGroup::Member::enter(Phase phase) noexcept {
  phase_ = phase;
  if (phase == Phase::idle && draining()) interrupt();
}

void TaskGroup::Member::interrupt() noexcept {
  for (Watched* stream : watched_) {
    if (stream != nullptr) stream->interrupt();
  }
}

void TaskGroup::drain() noexcept {
  draining_ = true;
  if (size_ == 0) empty_.set();
  for (Member* member = first_; member != nullptr; member = member->next_) {
    if (member->phase_ == Phase::idle) member->interrupt();
  }
}

void TaskGroup::end_unwelcome() noexcept {
  for (Member* member = first_; member != nullptr; member = member->next_) {
    if (member->still_welcome()) continue;
    member->unwelcome_ = true;
    if (member->phase_ == Phase::idle) member->interrupt();
  }
}

}  // namespace cordon::net
