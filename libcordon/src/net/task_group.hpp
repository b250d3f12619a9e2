// The live sessions of one worker: who they are, which of them may be ended at once, and when the last has gone.
#pragma once

#include <array>
#include <cstddef>

#include "net/event.hpp"

namespace cordon::net {

/// On the worker's thread only. Outlives its members.
class TaskGroup {
 public:
  /// What a session is doing, as far as stopping is concerned.
  enum class Phase : unsigned char {
    idle,  ///< Between requests, or a tunnel: ends at once.
    busy,  ///< In the middle of a request: gets the time to finish.
  };

  /// A session's place in the group; lives in its coroutine. Sessions begin idle.
  class Member {
   public:
    explicit Member(TaskGroup& group) noexcept;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member();

    /// What to interrupt when the session has to end while it is idle. Null: nothing.
    void watch_client(Watched* stream) noexcept { watched_[0] = stream; }
    void watch_origin(Watched* stream) noexcept { watched_[1] = stream; }

    /// Going idle while the group is draining ends the session's streams.
    void enter(Phase phase) noexcept;
    /// Whether the session should not begin another request.
    bool draining() const noexcept { return group_.draining_ || unwelcome_; }

   private:
    friend class TaskGroup;
    /// Whether the session may go on; asked by end_unwelcome().
    virtual bool still_welcome() const noexcept { return true; }
    void interrupt() noexcept;

    TaskGroup& group_;
    std::array<Watched*, 2> watched_{};
    Phase phase_ = Phase::idle;
    bool unwelcome_ = false;
    Member* previous_ = nullptr;
    Member* next_ = nullptr;
  };

  explicit TaskGroup(Watchdog& watchdog) : empty_(watchdog) {}

  /// Ends idle members now and busy ones as they become idle.
  void drain() noexcept;
  /// The same for those members that are not welcome any more.
  void end_unwelcome() noexcept;
  /// Returns when the group is draining and its last member has gone. Errors: timed_out at `deadline`, cancelled.
  Task<> wait_until_empty(Clock::time_point deadline) {
    empty_.set_deadline(deadline);
    return empty_.wait();
  }
  std::size_t size() const noexcept { return size_; }

 private:
  Event empty_;
  Member* first_ = nullptr;
  std::size_t size_ = 0;
  bool draining_ = false;
};

}  // namespace cordon::net
