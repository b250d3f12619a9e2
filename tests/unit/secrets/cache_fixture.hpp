// A cache with a store, a clock and an executor that a test moves by hand.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "secrets/cache.hpp"

namespace cordon::secrets {

using namespace std::chrono_literals;

/// What a plugged-in store answers, and how often it was asked.
struct StoreScript {
  void answer(std::string value) {
    const std::scoped_lock lock(mutex);
    answer_ = std::move(value);
  }
  void fail_with(Errc code) {
    const std::scoped_lock lock(mutex);
    answer_ = std::unexpected(Error{code, "scripted"});
  }
  Result<Secret> ask() {
    ++asked;
    const std::scoped_lock lock(mutex);
    if (!answer_) return std::unexpected(answer_.error());
    return Secret(*answer_);
  }

  std::atomic<int> asked = 0;
  std::function<void()> while_asked = [] {};  ///< Runs in each fetch, once the answer is chosen.

 private:
  std::mutex mutex;
  Result<std::string> answer_ = "first";
};

class ScriptedSource final : public SecretSource {
 public:
  ScriptedSource(std::shared_ptr<StoreScript> script, FetchCost cost) : script_(std::move(script)), cost_(cost) {}

  Result<Secret> fetch(const SecretRef&, std::chrono::steady_clock::time_point) const override {
    auto answer = script_->ask();
    const auto meanwhile = script_->while_asked;  // a copy: it may put another in its place
    meanwhile();
    return answer;
  }
  FetchCost cost() const noexcept override { return cost_; }

 private:
  std::shared_ptr<StoreScript> script_;
  FetchCost cost_;
};

/// Keeps jobs until the test runs them, as threads would in their own time.
class ManualExecutor {
 public:
  bool post(std::function<void()> job) {
    if (full) return false;
    jobs.push_back(std::move(job));
    return true;
  }
  void run_one() {
    ASSERT_FALSE(jobs.empty());
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job();
  }
  void run_all() {
    while (!jobs.empty())
      run_one();
  }

  std::deque<std::function<void()>> jobs;
  bool full = false;
};

/// The outcome that one caller of fetch() gets.
class Caller {
 public:
  CacheEntry::Done done() {
    return [this](Result<SharedSecret> result) {
      EXPECT_FALSE(result_.has_value()) << "called twice";
      result_ = std::move(result);
    };
  }
  bool waits() const { return !result_.has_value(); }
  /// The value; the error's name in brackets; or `(waits)`.
  std::string outcome() const {
    if (!result_) return "(waits)";
    if (!*result_) return "(" + std::string(name(result_->error().code)) + ")";
    return std::string((**result_)->reveal());
  }
  const SharedSecret& secret() const { return result_->value(); }
  const Error& error() const { return result_->error(); }

 private:
  std::optional<Result<SharedSecret>> result_;
};

class CacheTest : public ::testing::Test {
 protected:
  static constexpr std::chrono::milliseconds kTtl = 60s;
  static constexpr std::chrono::milliseconds kDeadline = 15s;  // the store's default

  CacheTest() { rebuild(kTtl, FetchCost::may_block); }

  void rebuild(std::chrono::milliseconds ttl, FetchCost cost) {
    auto store = SecretStore::create({}, {});
    store.plug("scripted", std::make_unique<ScriptedSource>(script, cost));
    CacheOptions options;
    options.ttl = ttl;
    options.run = [this](std::function<void()> job) { return executor.post(std::move(job)); };
    options.clock = [this] { return now; };
    entry.reset();
    cache = std::make_unique<Cache>(std::make_shared<const SecretStore>(std::move(store)), std::move(options));
    entry = cache->entry(ref);
  }

  /// What a request gets that comes now, when the store answers at once.
  std::string request() {
    if (const auto value = entry->current()) {
      executor.run_all();
      return std::string(value->reveal());
    }
    Caller caller;
    entry->fetch(caller.done());
    executor.run_all();
    return caller.outcome();
  }

  /// The value that is held now.
  std::string held() {
    const auto value = entry->current();
    return value ? std::string(value->reveal()) : "(none)";
  }

  std::shared_ptr<StoreScript> script = std::make_shared<StoreScript>();
  ManualExecutor executor;
  CacheEntry::TimePoint now{24h};
  const SecretRef ref = PluggedRef{"scripted", "key"};
  std::unique_ptr<Cache> cache;
  std::shared_ptr<CacheEntry> entry;
};

}  // namespace cordon::secrets
