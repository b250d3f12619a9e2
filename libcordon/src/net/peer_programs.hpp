// The programs behind connections, found out in the background.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "net/blocking_pool.hpp"
#include "net/socket_owners.hpp"

namespace cordon::net {

/// Looks through /proc on a thread of its own and of the lowest priority, for all that were asked about since the last time at
/// once; at most every 250 ms, and never more than a fortieth of the time. Thread-safe.
class PeerPrograms {
 public:
  /// What becomes known of one connection; written once.
  class Answer {
   public:
    /// Null while it is not known, which may be for ever. From any thread.
    const Process* get() const noexcept { return known_.load(std::memory_order_acquire) ? &process_ : nullptr; }

   private:
    friend class PeerPrograms;
    Process process_;
    std::atomic<bool> known_ = false;
  };

  /// What takes the answer to a question; null: nothing was found. Returns quickly, and asks nothing.
  using Told = std::function<void(const Process*)>;

  PeerPrograms();
  PeerPrograms(const PeerPrograms&) = delete;
  PeerPrograms& operator=(const PeerPrograms&) = delete;
  /// Tells whoever still waits that nothing was found.
  ~PeerPrograms();

  /// Asks who holds the socket `inode`. Dropping the answer withdraws the question. Null: not now, because so many wait that
  /// another would cost more than it is worth; or there is no such number (0). Never waits, and costs next to nothing then.
  std::shared_ptr<const Answer> ask(std::uint32_t inode);

  /// The same for a caller that is gone by then: `told` is called exactly once, from another thread, at once, or in the
  /// destructor.
  void tell(std::uint32_t inode, Told told);

 private:
  struct State;
  struct Question;
  void add(Question question);
  // Shared with the thread, which may outlive us by one look.
  std::shared_ptr<State> state_;
  BlockingPool pool_{1};
};

}  // namespace cordon::net
