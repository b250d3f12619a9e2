// The last lines of the log, kept for those who ask later, and a bell for those who wait for the next one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/event_sink.hpp>

#include "base/unique_fd.hpp"

namespace cordon::control {

/// A ring of records. Adding costs one lock and, once the ring is warm, no allocation; lines are composed for whoever reads
/// them, at most a few under the lock. Thread-safe.
class RecentLog {
 public:
  using Time = std::chrono::system_clock::time_point;

  explicit RecentLog(std::size_t capacity) : entries_(capacity) {}

  void add(const RequestEvent& event, Time now);
  void add(LogLevel level, std::string_view text, Time now);

  /// Where a reader stands: the number of the record that it reads next.
  using Position = std::uint64_t;

  /// The place of the last `count` records, or of all that are kept.
  Position last(std::size_t count) const;

  /// Some whole lines from `position` on, which moves on; empty when there are none. When records from there on are gone, the
  /// first line says how many.
  std::string read(Position& position, LogFormat format) const;

  /// While it lives, its descriptor becomes readable with a new record.
  class Bell {
   public:
    explicit Bell(RecentLog& log);
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    ~Bell();

    /// -1 when the system has no descriptors left.
    int descriptor() const noexcept { return read_end_.get(); }
    /// Waits for the next record. Call it before reading, so that none is missed.
    void silence();

   private:
    friend class RecentLog;
    RecentLog& log_;
    base::UniqueFd read_end_;
    base::UniqueFd write_end_;
    bool rings_ = false;
  };

 private:
  struct Entry {
    Time time;
    LogLevel level = LogLevel::info;
    bool is_request = false;
    RequestEvent event;  ///< Its views point into `text`.
    std::string text;
  };

  Entry& next_entry() { return entries_[next_ % entries_.size()]; }
  void ring();
  static std::string compose(const Entry& entry, LogFormat format);

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  Position next_ = 0;
  std::list<Bell*> bells_;
};

}  // namespace cordon::control
