// The readiness protocol of systemd's Type=notify (sd_notify(3)), which other supervisors speak too.
#pragma once

#include <string>
#include <string_view>

#include <cordon/secret_store.hpp>

namespace cordon::cli {

/// The supervisor's socket, when there is one.
class SupervisorNotifier {
 public:
  /// Remembers NOTIFY_SOCKET and removes it from the process's environment, so that no helper program speaks for us.
  /// Before other threads are started.
  explicit SupervisorNotifier(const Environment& environment);

  /// Sends `state`, such as `READY=1`, in one datagram. Nothing happens without a supervisor or when it does not
  /// listen.
  void send(std::string_view state) const noexcept;

 private:
  std::string address_;
};

}  // namespace cordon::cli
