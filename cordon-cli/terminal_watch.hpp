// The end of the controlling terminal. SIGHUP does not always tell of it: the kernel sends it to the session's leader, and a leader
// such as a process manager may pass it on to nobody.
#pragma once

#include <functional>
#include <thread>

namespace cordon::cli {

/// Watches as long as it lives, where there is a terminal to watch: the process belongs to its foreground, so that a job which was put
/// into the background outlives it, and SIGHUP is not ignored (nohup). macOS cannot watch terminals.
class TerminalWatch {
 public:
  /// `on_closed` is called once at most, from the thread of this object.
  explicit TerminalWatch(std::function<void()> on_closed);
  TerminalWatch(const TerminalWatch&) = delete;
  TerminalWatch& operator=(const TerminalWatch&) = delete;
  ~TerminalWatch();

 private:
  void watch(const std::function<void()>& on_closed) const;

  int terminal_ = -1;
  int over_[2] = {-1, -1};  ///< A pipe: the destructor closes its second end.
  std::thread thread_;
};

}  // namespace cordon::cli
