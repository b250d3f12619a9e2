// File: control_client.hpp
//
// Talks to a running instance from outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/control_server.hpp>
#include <cordon/error.hpp>
#include <cordon/event_sink.hpp>
#include <cordon/instance.hpp>
#include <cordon/proxy_server.hpp>

namespace cordon {

/// A running instance, as it tells of itself.
struct InstanceStatus {
  int pid = 0;
  std::string version;
  std::filesystem::path config;
  std::filesystem::path socket;  ///< Where it answered.
  ProxyStatus proxy;
};

/// `status` as one JSON object on one line, times in RFC 3339. Bytes that are not UTF-8 become U+FFFD.
std::string to_json(const InstanceStatus& status);

/// Whether to go on reading the log once its kept lines are read.
enum class Follow : std::uint8_t { no, yes };

/// Talks to one instance through its control socket. Each call is a connection of its own and blocks for at most `deadline`.
/// Thread-safe.
///
/// Every call fails with not_running when no socket answers; file_unsafe when a socket, its folder or the process behind it
/// belongs to someone else; timed_out; connection_lost; upstream_protocol (what answers is not an instance of this version);
/// peer_refused (the instance takes this process for another user's); not_supported (the host program does not offer that);
/// internal (no socket is to be had, or the instance is out of resources).
class ControlClient {
 public:
  explicit ControlClient(const Instance& instance);
  /// Whichever instance listens at `socket` (find_control_sockets).
  explicit ControlClient(std::filesystem::path socket);

  Result<InstanceStatus> status(std::chrono::milliseconds deadline) const;

  /// @returns once it is done: what the instance says of it, which is a report, or every error of the step that failed and
  /// left everything as it was. An error instead (timed_out, connection_lost) leaves open whether it has reloaded
  Result<ReloadOutcome> reload(std::chrono::milliseconds deadline) const;

  /// Makes the instance stop and returns when it has given up its port and its socket.
  /// @returns timed_out when it is still there: call again with `immediate`
  Result<> stop(StopMode mode, std::chrono::milliseconds deadline) const;

  /// Drops what the instance keeps of the secret of a route or listener. @returns whether there is one of that name
  Result<bool> forget_secret(std::string_view name, std::chrono::milliseconds deadline) const;

  /// Takes pieces of the log, and returns whether to go on.
  using LogReader = std::function<bool(std::string_view piece)>;

  /// Hands the last lines of the instance's log to `reader`; with Follow::yes also each new one, until the instance ends or
  /// `reader` has had enough. A piece is a number of whole lines or of parts of them. `deadline` is for the first piece.
  Result<> read_log(LogFormat format, Follow follow, const LogReader& reader, std::chrono::milliseconds deadline) const;

 private:
  std::vector<std::filesystem::path> sockets_;
  std::filesystem::path config_;  ///< Empty: whichever instance.
};

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
