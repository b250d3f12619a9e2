// One client of the control socket: one request, one answer, on a thread of its own.
#pragma once

#include <atomic>
#include <string>

#include <cordon/control_server.hpp>

#include "base/unique_fd.hpp"
#include "control/recent_log.hpp"

namespace cordon::control {

/// What all sessions share. Outlives them.
struct Served {
  std::string config;  ///< As json_path makes it.
  std::string socket;
  ControlHandlers handlers;
  RecentLog* log = nullptr;
  std::atomic<int> followers = 0;  ///< Sessions that stream the log.
};

/// Reads the request from `client` and answers it. Ends early when the socket is shut down from another thread.
void serve_client(int client, Served& served) noexcept;

/// Tells a client that it is one too many.
void refuse_client(int client) noexcept;

}  // namespace cordon::control
