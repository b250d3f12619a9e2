#include "control/recent_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "base/log_line.hpp"
#include "control/socket_io.hpp"

namespace cordon::control {
namespace {

/// How many lines are composed under the lock, which the proxy's workers want too.
constexpr std::size_t kBatch = 16;
/// The longest part of a record that is kept; a line shows about as much of it.
constexpr std::size_t kMaxPart = 2'000;

constexpr std::array kParts = {&RequestEvent::route,   &RequestEvent::method, &RequestEvent::host, &RequestEvent::path,
                               &RequestEvent::refusal, &RequestEvent::token,  &RequestEvent::peer};

void keep_views(RequestEvent& event, std::string& text) {
  std::size_t total = 0;
  for (const auto part : kParts)
    total += std::min((event.*part).size(), kMaxPart);
  text.clear();
  text.reserve(total);  // so that no view is moved away from under
  for (const auto part : kParts) {
    const std::string_view kept = (event.*part).substr(0, kMaxPart);
    const std::size_t begin = text.size();
    text.append(kept);
    event.*part = std::string_view(text).substr(begin, kept.size());
  }
}

}  // namespace

void RecentLog::add(const RequestEvent& event, Time now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = next_entry();
  entry.time = now;
  entry.is_request = false;  // should memory run out below, its views point nowhere
  RequestEvent kept = event;
  keep_views(kept, entry.text);
  entry.event = kept;
  entry.is_request = true;
  ring();
}

void RecentLog::add(LogLevel level, std::string_view text, Time now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = next_entry();
  entry.time = now;
  entry.is_request = false;
  entry.level = level;
  entry.text.assign(text.substr(0, 2 * kMaxPart));
  ring();
}

void RecentLog::ring() {
  ++next_;
  for (Bell* bell : bells_) {
    // One byte stands for any number of records.
    if (!bell->rings_) bell->rings_ = ::write(bell->write_end_.get(), "", 1) == 1;
  }
}

RecentLog::Position RecentLog::last(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  return next_ - std::min<Position>({next_, count, entries_.size()});
}

std::string RecentLog::compose(const Entry& entry, LogFormat format) {
  return entry.is_request ? base::compose_line(entry.event, format, entry.time)
                          : base::compose_line(entry.level, entry.text, format, entry.time);
}

std::string RecentLog::read(Position& position, LogFormat format) const {
  std::string lines;
  const std::lock_guard lock(mutex_);
  const Position oldest = next_ - std::min<Position>(next_, entries_.size());
  if (position < oldest) {
    lines = base::compose_line(LogLevel::warn, fmt::format("{} log lines dropped", oldest - position), format,
                               entries_[oldest % entries_.size()].time);
    position = oldest;
  }
  for (std::size_t i = 0; i < kBatch && position < next_; ++i)
    lines += compose(entries_[position++ % entries_.size()], format);
  return lines;
}

RecentLog::Bell::Bell(RecentLog& log) : log_(log) {
  Pipe pipe = make_pipe();
  if (!pipe.read_end) return;
  read_end_ = std::move(pipe.read_end);
  write_end_ = std::move(pipe.write_end);
  for (const base::UniqueFd* end : {&read_end_, &write_end_})
    ::fcntl(end->get(), F_SETFL, O_NONBLOCK);
  const std::lock_guard lock(log_.mutex_);
  log_.bells_.push_back(this);
}

RecentLog::Bell::~Bell() {
  const std::lock_guard lock(log_.mutex_);
  log_.bells_.remove(this);
}

void RecentLog::Bell::silence() {
  char byte = 0;
  const std::lock_guard lock(log_.mutex_);
  // The pipe is non-blocking.
  if (rings_) rings_ = ::read(read_end_.get(), &byte, 1) != 1;  // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
}

}  // namespace cordon::control
