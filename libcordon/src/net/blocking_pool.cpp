#include "net/blocking_pool.hpp"

#include <condition_variable>
#include <deque>
#include <system_error>
#include <thread>

#include "base/signals_blocked.hpp"

namespace cordon::net {

struct BlockingPool::State {
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> jobs;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t max_threads = 1;
  bool closed = false;

  static void serve(const std::shared_ptr<State>& state);
};

void BlockingPool::State::serve(const std::shared_ptr<State>& state) {
  constexpr std::chrono::seconds kIdle{30};
  std::unique_lock lock(state->mutex);
  for (;;) {
    ++state->idle;
    const bool woken = state->wake.wait_for(lock, kIdle, [&state] { return state->closed || !state->jobs.empty(); });
    --state->idle;
    if (!woken || state->closed) break;
    auto job = std::move(state->jobs.front());
    state->jobs.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // what it owned ends before the lock is taken again
    lock.lock();
  }
  --state->threads;
}

BlockingPool::BlockingPool(std::size_t max_threads) : state_(std::make_shared<State>()) {
  state_->max_threads = max_threads;
}

BlockingPool::~BlockingPool() {
  const std::lock_guard lock(state_->mutex);
  state_->closed = true;
  state_->jobs.clear();
  state_->wake.notify_all();
}

bool BlockingPool::post(std::function<void()> job) {
  const std::lock_guard lock(state_->mutex);
  if (state_->jobs.size() >= kMaxQueued) return false;
  state_->jobs.push_back(std::move(job));
  state_->wake.notify_one();
  if (state_->jobs.size() <= state_->idle || state_->threads == state_->max_threads) return true;
  const base::SignalsBlocked blocked;
  try {
    std::thread(State::serve, state_).detach();
    ++state_->threads;
  } catch (const std::system_error&) {
    if (state_->threads > 0) return true;  // those that run will come to it
    state_->jobs.pop_back();
    return false;
  }
  return true;
}

}  // namespace cordon::net
