// File: event_sink.hpp
//
// What a running proxy reports: one record a request, tunnel or PostgreSQL session, and notices. A host program implements EventSink; the command
// line uses the log that `make_log` makes. No record ever holds a header value, a query string, a body or a secret.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

/// One finished request, tunnel, WebSocket or PostgreSQL session. The views end with the call that delivers them.
struct RequestEvent {
  std::string_view route;   ///< The route's or listener's name. Empty: no route matched.
  std::string_view method;  ///< `CONNECT` for a tunnel as a whole, `POSTGRES` for a session; opened or refused.
  std::string_view host;    ///< Canonical; a session's is its listener's `upstream`.
  std::uint16_t port = 0;
  std::string_view path;     ///< Without the query; a session's is `/` and its database. Empty for tunnels.
  int status = 0;            ///< As sent to the client; 0 when none was sent.
  std::string_view refusal;  ///< name(Errc) when the proxy itself answered, else empty.
  std::uint64_t bytes_up = 0, bytes_down = 0;  ///< Body bytes, or tunnel bytes; client to origin is up.
  std::chrono::microseconds duration{};
  /// From the head's last byte to the origin's first, of a session to the end of its login; 0: none came.
  std::chrono::microseconds origin_time{};
  bool injected = false;
  std::string_view token;  ///< The name of the token that the client showed; never its value. Empty: none was needed.
  std::string_view peer;   ///< The client's program, where it is known.
};

/// Receives what a proxy reports. Calls come from any worker thread, at the same time; they must return quickly and not throw.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_request(const RequestEvent& event) noexcept = 0;
  /// A sentence for the log. `text` ends with the call.
  virtual void on_notice(LogLevel level, std::string_view text) noexcept = 0;
  /// Whether a notice of `level` would be kept; lets the caller skip composing it.
  virtual bool wants(LogLevel level) const noexcept = 0;
};

enum class LogFormat : std::uint8_t { text, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  int descriptor = 2;           ///< Standard error. Not closed.
  std::size_t capacity = 8192;  ///< Lines that may wait for the descriptor before the oldest are dropped (and counted).
};

/// A log that writes each line with one write(2) from a thread of its own. A descriptor that blocks never stops the caller:
/// lines are dropped, and their number is logged when it flows again. Destroying it waits at most 1 s for the rest.
std::unique_ptr<EventSink> make_log(const LogOptions& options);

/// A sink that keeps nothing.
EventSink& null_sink() noexcept;

}  // namespace cordon
