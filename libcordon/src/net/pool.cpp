#include "net/pool.hpp"

#include <algorithm>

namespace cordon::net {

std::unique_ptr<Stream> Pool::take(std::string_view key) {
  const auto found = idle_.find(key);
  if (found == idle_.end()) return nullptr;
  auto& connections = found->second;
  const auto now = Clock::now();
  // The youngest first: it is the least likely to be closed by the origin soon.
  while (!connections.empty()) {
    Idle candidate = std::move(connections.back());
    connections.pop_back();
    --size_;
    candidate.stream->never_expires();
    if (candidate.until > now && candidate.stream->is_quiet()) return std::move(candidate.stream);
  }
  return nullptr;
}

void Pool::put(std::string_view key, std::unique_ptr<Stream> stream, std::chrono::milliseconds idle) {
  if (gave_up() || watchdog().stopping() || idle.count() <= 0 || size_ >= kMaxIdle) return;
  stream->never_expires();  // the pool's own deadline ends it
  auto found = idle_.find(key);
  if (found == idle_.end()) found = idle_.emplace(std::string(key), std::deque<Idle>{}).first;
  const auto until = Clock::now() + idle;
  found->second.push_back({std::move(stream), until});
  ++size_;
  if (until < next_sweep_) set_deadline(next_sweep_ = until);
}

void Pool::clear() noexcept {
  idle_.clear();
  size_ = 0;
}

void Pool::cancel_pending() noexcept {
  if (watchdog().stopping()) return;  // the streams are interrupted one by one; clear() closes them
  drop_expired(Clock::now());
}

void Pool::drop_expired(Clock::time_point now) noexcept {
  next_sweep_ = kNever;
  for (auto entry = idle_.begin(); entry != idle_.end();) {
    auto& connections = entry->second;
    std::erase_if(connections, [&](const Idle& idle) { return idle.until <= now || !idle.stream->is_quiet(); });
    for (const Idle& idle : connections)
      next_sweep_ = std::min(next_sweep_, idle.until);
    entry = connections.empty() ? idle_.erase(entry) : std::next(entry);
  }
  size_ = 0;
  for (const auto& entry : idle_)
    size_ += entry.second.size();
  set_deadline(next_sweep_);
}

}  // namespace cordon::net
