// Ctrl+C while a question is asked: an answer like others, which the command ends by in its own way.
#pragma once

#include <csignal>

namespace cordon::cli {

/// Keeps SIGINT from ending the process as long as it lives. One thread only.
class HeldInterrupt {
 public:
  HeldInterrupt();
  HeldInterrupt(const HeldInterrupt&) = delete;
  HeldInterrupt& operator=(const HeldInterrupt&) = delete;
  ~HeldInterrupt();  ///< A SIGINT that nobody took takes effect in here.

  /// Whether one has come. It is used up by that.
  bool take();

 private:
  sigset_t usual_{};
};

}  // namespace cordon::cli
