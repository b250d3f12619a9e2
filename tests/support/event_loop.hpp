// One worker's loop for a test: runs coroutines to their end, never longer than 10 s.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <gtest/gtest.h>
#include <asio/co_spawn.hpp>

#include "net/watchdog.hpp"

namespace cordon::test {

class EventLoop {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  /// Runs `task` and whatever else is under way until `task` has ended. A task that hangs fails the test.
  template <class T>
  Result<T> run(net::Task<T> task) {
    std::optional<Result<T>> ended;
    start(std::move(task), ended);
    run_until([&ended] { return ended.has_value(); });
    if (!ended) return fail(Errc::internal, "the task hangs");
    return std::move(*ended);
  }

  /// Begins `task`; `ended` gets its result and outlives it.
  template <class T>
  void start(net::Task<T> task, std::optional<Result<T>>& ended) {
    asio::co_spawn(io, std::move(task), [&ended](const std::exception_ptr& thrown, Result<T> result) {
      EXPECT_FALSE(thrown);
      ended.emplace(std::move(result));
    });
  }

  template <class Condition>
  void run_until(Condition condition) {
    const auto end = net::Clock::now() + kPatience;
    io.restart();
    while (!condition() && net::Clock::now() < end) {
      if (io.run_one_for(std::chrono::milliseconds(100)) == 0 && io.stopped()) io.restart();
    }
    EXPECT_TRUE(condition()) << "nothing happened for 10 s";
  }

  /// Runs what is ready now.
  void settle() {
    io.restart();
    while (io.poll() > 0) {
    }
  }

  asio::io_context io{1};
  net::Watchdog watchdog{io.get_executor()};
};

}  // namespace cordon::test
