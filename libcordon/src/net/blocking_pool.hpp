// Threads for calls that can only block: getaddrinfo, secret stores. The worker that asked goes on meanwhile.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include <asio/post.hpp>

#include "net/event.hpp"

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
  // Shared between the waiting coroutine and the job, whichever ends last.
  struct Handover {
    std::mutex mutex;
    Event* waiter = nullptr;  // null once nobody waits
    Result<T> result = fail(Errc::internal, "too many calls wait for a thread");

    bool is_awaited() {
      const std::lock_guard lock(mutex);
      return waiter != nullptr;
    }
  };
  // Nobody waits any more once this frame is gone, however it goes.
  struct Waiting {
    std::shared_ptr<Handover> handover;
    ~Waiting() {
      const std::lock_guard lock(handover->mutex);
      handover->waiter = nullptr;
    }
  };
  Event done(watchdog);
  done.set_deadline(deadline);
  const Waiting waiting{std::make_shared<Handover>()};
  const std::shared_ptr<Handover>& handover = waiting.handover;
  handover->waiter = &done;
  std::function<void()> job = [handover, work = std::move(work), executor = watchdog.executor()] {
    if (!handover->is_awaited()) return;  // queued for longer than anybody waited
    auto result = run_without_exceptions(work);
    const std::lock_guard lock(handover->mutex);
    if (handover->waiter == nullptr) return;
    handover->result = std::move(result);
    // While somebody waits the worker lives, and with it the executor.
    asio::post(executor, [handover] {
      if (handover->waiter != nullptr) handover->waiter->set();
    });
  };
  if (!pool.post(std::move(job))) co_return std::move(handover->result);
  auto waited = co_await done.wait();
  if (!waited) co_return std::unexpected(std::move(waited).error());
  const std::lock_guard lock(handover->mutex);
  co_return std::move(handover->result);
}

}  // namespace cordon::net
