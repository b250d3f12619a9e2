// Threads for calls that can only block: getaddrinfo, secret stores. The worker that asked goes on meanwhile.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "net/delivery.hpp"

namespace cordon::net {

/// Starts threads as they are needed, up to a bound; further jobs queue, up to kMaxQueued. A job cannot be cancelled, so threads are not
/// joined: destroying the pool lets idle threads go and running jobs finish on their own. A job must own all that it
/// uses.
class BlockingPool {
 public:
  static constexpr std::size_t kMaxQueued = 1024;

  explicit BlockingPool(std::size_t max_threads);
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;
  ~BlockingPool();

  /// Runs `job` on one of the threads. Thread-safe. @returns false when the queue is full, or there is no thread and none can
  /// be started; the job is dropped then
  [[nodiscard]] bool post(std::function<void()> job);

 private:
  struct State;
  // Shared with the threads, which may outlive the pool by one job.
  std::shared_ptr<State> state_;
};

/// The result of `work`, or internal when it ran out of memory: nothing may leave a thread by an exception.
template <class T>
Result<T> run_without_exceptions(const std::function<Result<T>()>& work) {
  try {
    return work();
  } catch (const std::exception&) {
    return fail(Errc::internal, "out of memory");
  }
}

/// Runs `work` in `pool` and waits for its result until `deadline`. Errors: what `work` returns, timed_out, cancelled, internal
/// (no thread); after the former two the job's result is dropped when it comes.
template <class T>
Task<T> run_blocking(BlockingPool& pool, Watchdog& watchdog, Clock::time_point deadline,
                     std::function<Result<T>()> work) {
  Delivery<T> delivery(watchdog);
  delivery.set_deadline(deadline);
  std::function<void()> job = [sender = delivery.sender(), work = std::move(work)] {
    if (sender.is_awaited())
      sender.send(run_without_exceptions(work));  // else it was queued for longer than anybody waited
  };
  if (!pool.post(std::move(job))) co_return fail(Errc::internal, "too many calls wait for a thread");
  co_return co_await delivery.wait();
}

}  // namespace cordon::net
