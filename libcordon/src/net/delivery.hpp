// A result that comes from another thread to a coroutine that waits for it.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <asio/post.hpp>

#include "net/event.hpp"

namespace cordon::net {

/// The receiving end; lives in the frame of the coroutine that waits, on the worker's thread. Once it has gone, what is
/// sent is dropped.
template <class T>
class Delivery {
  // Shared by both ends, whichever goes last.
  struct State {
    explicit State(Event& event, Executor executor_) : waiter(&event), executor(std::move(executor_)) {}
    std::mutex mutex;
    Event* waiter;  // null once nobody waits
    Executor executor;
    Result<T> result;
  };

 public:
  /// The sending end. Copies may be held by any thread, for as long as they like.
  class Sender {
   public:
    explicit Sender(std::shared_ptr<State> state) : state_(std::move(state)) {}

    bool is_awaited() const {
      const std::lock_guard lock(state_->mutex);
      return state_->waiter != nullptr;
    }

    /// Once, among all copies. Thread-safe.
    void send(Result<T> result) const {
      const std::lock_guard lock(state_->mutex);
      if (state_->waiter == nullptr) return;
      state_->result = std::move(result);
      // While somebody waits the worker lives, and with it the executor.
      asio::post(state_->executor, [state = state_] {
        if (state->waiter != nullptr) state->waiter->set();
      });
    }

   private:
    std::shared_ptr<State> state_;
  };

  explicit Delivery(Watchdog& watchdog)
      : arrived_(watchdog), state_(std::make_shared<State>(arrived_, watchdog.executor())) {}
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery() {
    const std::lock_guard lock(state_->mutex);
    state_->waiter = nullptr;
  }

  Sender sender() const { return Sender(state_); }
  void set_deadline(Clock::time_point deadline) noexcept { arrived_.set_deadline(deadline); }

  /// What was sent. Errors, besides those sent: timed_out, cancelled.
  Task<T> wait() {
    auto waited = co_await arrived_.wait();
    if (!waited) co_return std::unexpected(std::move(waited).error());
    const std::lock_guard lock(state_->mutex);
    co_return std::move(state_->result);
  }

 private:
  Event arrived_;
  std::shared_ptr<State> state_;
};

}  // namespace cordon::net
