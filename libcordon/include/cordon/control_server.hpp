// File: control_server.hpp
//
// The control socket of a running instance: a Unix socket through which its owner, and nobody else, asks for its status, makes
// it reload or stop, and reads its log (control_client.hpp is the other end). A host program that wants `cordon status` and the
// other commands to work on it starts one beside its ProxyServer:
//
//   cordon::LogTee tee(*log);                  // ProxyOptions::sink = &tee
//   ...
//   auto control = cordon::ControlServer::start({.sockets = instance.control_sockets, .config = instance.config,
//                                                .handlers = {...}, .log = &tee});
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/event_sink.hpp>
#include <cordon/proxy_server.hpp>

namespace cordon {

namespace control {
class RecentLog;
}

/// A sink that hands everything on to another one and keeps the last lines, for `cordon logs`. Following clients read from what
/// is kept, so a slow one loses lines (and is told how many) and never holds anybody up.
class LogTee final : public EventSink {
 public:
  /// How many lines a client that follows may be behind before it loses some.
  static constexpr std::size_t kCapacity = 1'024;

  /// `inner` outlives the tee.
  explicit LogTee(EventSink& inner);
  ~LogTee() override;

  void on_request(const RequestEvent& event) noexcept override;
  void on_notice(LogLevel level, std::string_view text) noexcept override;
  /// What `inner` wants, and everything from `info` on.
  bool wants(LogLevel level) const noexcept override;

 private:
  friend class ControlServer;
  EventSink& inner_;
  std::unique_ptr<control::RecentLog> recent_;
};

/// What the control socket does to the instance. Each may be called from several threads at once, and may be empty: it is then
/// answered with not_supported. An exception is answered with `internal`.
struct ControlHandlers {
  std::function<ProxyStatus()> status;
  /// Blocks for as long as the reload takes.
  std::function<ReloadOutcome()> reload;
  /// Begins to stop and returns at once. The client that asked is kept waiting until the ControlServer ends.
  std::function<void(StopMode mode)> stop;
  /// Whether there was a route or listener of that name.
  std::function<bool(std::string_view name)> forget_secret;
};

struct ControlServerOptions {
  std::vector<std::filesystem::path> sockets;  ///< Instance::control_sockets: the first that can be had is taken.
  std::filesystem::path config;                ///< Instance::config: requests for another one are refused.
  ControlHandlers handlers;
  LogTee* log = nullptr;  ///< Outlives the server. Null: there is no log to read.
};

/// Serves the control socket from threads of its own, which take no signal. Movable.
class ControlServer {
 public:
  /// Makes the socket (0600, in a folder that is 0700) and serves it. What a killed instance left at its place is replaced, the
  /// socket of a living one never: the next place is tried. A client of another user is refused, root included.
  /// @returns when no place can be had, why the last one cannot: file_unsafe, file_failed, port_in_use (something that lives
  /// is there), not_supported (no place is given); internal when no thread is to be had
  static Result<ControlServer> start(ControlServerOptions options);

  ControlServer(ControlServer&&) noexcept;
  ControlServer& operator=(ControlServer&&) noexcept;
  /// Removes the socket, ends all clients and waits for the handlers that run.
  ~ControlServer();

  const std::filesystem::path& socket() const noexcept;

 private:
  struct Impl;
  explicit ControlServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon
