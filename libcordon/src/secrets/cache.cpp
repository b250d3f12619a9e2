#include "secrets/cache.hpp"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <string>
#include <utility>

#include "base/signals_blocked.hpp"

namespace cordon::secrets {
namespace {

constexpr int kMaxPrefetches = 32;  // at a time: each may be a process

// A std::counting_semaphore may be touched by release() after the last acquire() has returned.
class Slots {
 public:
  void take(int count) {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] { return free_ >= count; });
    free_ -= count;
  }
  void give_back() {
    const std::scoped_lock lock(mutex_);
    ++free_;
    freed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  int free_ = kMaxPrefetches;
};

// Folds what tells one reference from another into a hash.
struct Hasher {
  std::size_t operator()(const OnePasswordRef& ref) const { return of({ref.vault, ref.item, ref.field, ref.account}); }
  std::size_t operator()(const KeyringRef& ref) const { return of({ref.account, ref.service, ref.decode}); }
  std::size_t operator()(const EnvRef& ref) const { return of({ref.variable}); }
  std::size_t operator()(const FileRef& ref) const { return of({ref.path.native()}); }
  std::size_t operator()(const CommandRef& ref) const { return of({ref.argv.begin(), ref.argv.end()}); }
  std::size_t operator()(const PluggedRef& ref) const { return of({ref.source, ref.key}); }

  static std::size_t of(const std::vector<std::string_view>& parts) {
    std::size_t hash = parts.size();
    for (const std::string_view part : parts)
      hash = hash * 31 + std::hash<std::string_view>{}(part);
    return hash;
  }
};

}  // namespace

Cache::Cache(std::shared_ptr<const SecretStore> store, CacheOptions options)
    : shared_(std::make_shared<CacheShared>(std::move(store), std::move(options))) {
  if (shared_->options.clock) return;
  const base::SignalsBlocked blocked;
  sweeper_ = std::thread([this] {
    while (shared_->alarm.wait())
      shared_->alarm.expect(sweep());
  });
}

Cache::~Cache() {
  shared_->alarm.stop();
  if (sweeper_.joinable()) sweeper_.join();
  for (const auto& entry : live_entries())
    entry->close();
}

std::size_t Cache::Hash::operator()(const SecretRef& ref) const {
  return std::visit(Hasher{}, ref);
}

std::shared_ptr<CacheEntry> Cache::entry(const SecretRef& ref) {
  const std::scoped_lock lock(mutex_);
  auto& place = entries_[ref];
  auto entry = place.lock();
  if (!entry) place = entry = std::make_shared<CacheEntry>(ref, shared_);
  return entry;
}

std::vector<Result<>> Cache::prefetch(std::span<const std::shared_ptr<CacheEntry>> entries) {
  std::vector<Result<>> results(entries.size());
  std::unordered_map<const CacheEntry*, std::size_t> first;  // an entry that many routes share is asked once
  Slots slots;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!first.emplace(entries[i].get(), i).second) continue;
    slots.take(1);
    entries[i]->fetch([&slots, &result = results[i]](const Result<SharedSecret>& fetched) {
      if (!fetched) result = std::unexpected(fetched.error());
      slots.give_back();
    });
  }
  slots.take(kMaxPrefetches);
  for (std::size_t i = 0; i < entries.size(); ++i)
    results[i] = results[first.at(entries[i].get())];
  return results;
}

void Cache::forget_all() {
  for (const auto& entry : live_entries())
    entry->forget();
}

CacheEntry::TimePoint Cache::sweep() {
  auto next = CacheEntry::TimePoint::max();
  for (const auto& entry : live_entries())
    next = std::min(next, entry->sweep());
  return next;
}

// Sweeping calls back: not while the lock is held.
std::vector<std::shared_ptr<CacheEntry>> Cache::live_entries() {
  std::vector<std::shared_ptr<CacheEntry>> live;
  const std::scoped_lock lock(mutex_);
  std::erase_if(entries_, [&live](const auto& known) {
    auto entry = known.second.lock();
    if (!entry) return true;
    live.push_back(std::move(entry));
    return false;
  });
  return live;
}

}  // namespace cordon::secrets
