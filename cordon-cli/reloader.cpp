#include "reloader.hpp"

#include <exception>
#include <utility>

namespace cordon::cli {
namespace {

/// Without memory it cannot even be told of in the log.
ReloadOutcome try_once(const Reloader::Reload& reload) {
  try {
    return reload();
  } catch (const std::exception&) {
    return std::unexpected(std::vector{Error{Errc::internal, "the reload ran out of memory"}});
  }
}

}  // namespace

Reloader::Reloader(Reload reload) : reload_(std::move(reload)), thread_([this] { serve_requests(); }) {
}

Reloader::~Reloader() {
  end(std::chrono::milliseconds{0});
  thread_.join();
}

ReloadOutcome Reloader::run() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ending_ || !runs_; });
  if (ending_) return std::unexpected(std::vector{Error{Errc::cancelled, "the proxy is stopping"}});
  runs_ = true;
  lock.unlock();
  ReloadOutcome outcome = try_once(reload_);
  lock.lock();
  runs_ = false;
  lock.unlock();
  changed_.notify_all();
  return outcome;
}

void Reloader::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  changed_.notify_all();
}

bool Reloader::end(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, patience, [this] { return !runs_; });
}

void Reloader::serve_requests() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || requested_; });
      if (ending_) return;
      requested_ = false;
    }
    (void)run();  // it has told of it in the log
  }
}

}  // namespace cordon::cli
