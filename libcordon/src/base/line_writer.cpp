#include "base/line_writer.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/unique_fd.hpp"

namespace cordon::base {
namespace {

constexpr std::chrono::milliseconds kLastWait{1000};
constexpr int kPollMs = 50;  // how soon a thread that waits for its descriptor sees that it was given up

// A write to a pipe without a reader raises SIGPIPE in the writing thread. Blocked, it stays pending here and harms
// nobody, whatever the host program's disposition is; nor do the host's handlers run on this thread.
void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  (void)::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

struct LineWriter::State {
  UniqueFd descriptor;  // a copy: the owner's number may stand for another file when a thread left behind wakes up
  std::size_t capacity = 1;
  DroppedLine dropped_line;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> lines;
  std::uint64_t dropped = 0;
  bool stopping = false;   // end when the queue is empty
  bool abandoned = false;  // end at once
  bool ended = false;

  void run();

 private:
  struct Work {
    std::string line;
    std::uint64_t dropped_before = 0;
    bool end = false;
  };

  Work next_work();
  bool write_line(std::string_view line);
  bool wait_until_writable();
  void count_dropped(std::uint64_t count);
};

void LineWriter::State::run() {
  block_all_signals();
  for (Work work = next_work(); !work.end; work = next_work()) {
    if (work.dropped_before != 0 && !write_line(dropped_line(work.dropped_before))) count_dropped(work.dropped_before);
    if (!write_line(work.line)) count_dropped(1);
  }
  const std::scoped_lock lock(mutex);
  ended = true;
  changed.notify_all();
}

LineWriter::State::Work LineWriter::State::next_work() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return stopping || !lines.empty(); });
  if (abandoned || lines.empty()) return {.line = {}, .dropped_before = 0, .end = true};
  Work work{std::move(lines.front()), std::exchange(dropped, 0)};
  lines.pop_front();
  return work;
}

// Whether the line was written. More than one write only where the first took a part of it.
bool LineWriter::State::write_line(std::string_view line) {
  while (!line.empty()) {
    if (!wait_until_writable()) return false;
    const ssize_t written = ::write(descriptor.get(), line.data(), line.size());
    if (written >= 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

// Asked before each write, so that the thread is hardly ever inside one that blocks. False: given up, or
// there is no descriptor.
bool LineWriter::State::wait_until_writable() {
  while (descriptor) {
    pollfd target{.fd = descriptor.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&target, 1, kPollMs) > 0) return true;
    const std::scoped_lock lock(mutex);
    if (abandoned) return false;
  }
  return false;
}

void LineWriter::State::count_dropped(std::uint64_t count) {
  const std::scoped_lock lock(mutex);
  dropped += count;
}

LineWriter::LineWriter(int descriptor, std::size_t capacity, DroppedLine dropped_line)
    : state_(std::make_shared<State>()) {
  state_->descriptor.reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
  state_->capacity = std::max<std::size_t>(capacity, 1);
  state_->dropped_line = std::move(dropped_line);
  thread_ = std::thread([state = state_] { state->run(); });
}

LineWriter::~LineWriter() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  const bool ended = state_->changed.wait_for(lock, kLastWait, [this] { return state_->ended; });
  state_->abandoned = true;
  lock.unlock();
  ended ? thread_.join() : thread_.detach();
}

void LineWriter::push(std::string line) {
  const std::scoped_lock lock(state_->mutex);
  if (state_->lines.size() >= state_->capacity) {
    state_->lines.pop_front();
    ++state_->dropped;
  }
  state_->lines.push_back(std::move(line));
  state_->changed.notify_one();
}

}  // namespace cordon::base
