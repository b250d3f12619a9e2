// File: control_client.hpp
//
// Talks to a running instance from outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <cordon/error.hpp>

namespace cordon {

/// What answers on a port.
struct Health {
  std::string instance;  ///< The name in Cordon-Instance; empty when the answer has none.
};

/// Asks 127.0.0.1:`port` for /health once. Blocks for at most `deadline`. Thread-safe.
/// @returns not_running (nothing listens), timed_out, connection_lost (closed without an answer, as by an instance that is
/// ending), upstream_protocol (something else than Cordon answers), internal (no socket is to be had)
Result<Health> probe_health(std::uint16_t port, std::chrono::milliseconds deadline);

struct WaitOptions {
  std::uint16_t port = 0;
  std::string instance;                       ///< Which instance must answer.
  std::chrono::milliseconds timeout{60'000};  ///< Zero: one try.
  std::chrono::milliseconds interval{50};
  std::function<bool()> interrupted;  ///< Asked between two tries; true gives up with `cancelled`. May be empty.
};

/// Asks until the instance answers 200. Another instance, or another program, on the port is an error at once. Thread-safe.
/// @returns timed_out (the context says what was seen last), wrong_instance, upstream_protocol, cancelled, internal
Result<> wait_until_healthy(const WaitOptions& options);

}  // namespace cordon
