// Writes lines to a descriptor from a thread of its own, so that a descriptor that blocks stops nobody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace cordon::base {

/// A bounded queue of lines and the thread that writes them, one write(2) each. When the queue is full the oldest line
/// is dropped. A descriptor that fails (closed, no reader, disk full) costs the line and nothing else; the process
/// needs no SIGPIPE setting for it. push() may be called from any thread.
class LineWriter {
 public:
  /// Composes the line that tells of `count` lines dropped; it is written ahead of the first line after them.
  using DroppedLine = std::function<std::string(std::uint64_t count)>;

  /// Writes to a duplicate of `descriptor`, which stays the caller's. At most `capacity` (at least 1) lines wait.
  LineWriter(int descriptor, std::size_t capacity, DroppedLine dropped_line);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Waits at most 1 s for the lines that are still queued. When the descriptor blocks beyond that, they are lost and
  /// the thread is left behind; it ends by itself as soon as its write returns.
  ~LineWriter();

  /// Queues one line, line feed included. Never blocks on the descriptor.
  void push(std::string line);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this object
  std::thread thread_;
};

}  // namespace cordon::base
