// What starts, stops and watches services: systemd's user manager or launchd.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/service_installer.hpp>

#include "service/definition.hpp"

namespace cordon::service {

/// What the manager says of a service.
struct Observation {
  bool enabled = false;
  ServiceState state = ServiceState::stopped;
  int pid = 0;
  std::optional<std::uint64_t> restarts;
  std::optional<std::chrono::system_clock::time_point> since;
  std::optional<ServiceEnd> last_end;
  std::filesystem::path file;  ///< The file that the manager has read; empty when it does not tell, or has read none.
};

/// A service and its file.
struct Unit {
  std::string name;
  std::filesystem::path file;
};

/// Where a log ended at some moment.
struct LogMark {
  std::chrono::system_clock::time_point time;
  std::optional<std::uintmax_t> size = {};  ///< Of the log's file; nothing where there was none.
};

/// How much of a log. With `since` only what the service's program itself has written from then on.
struct LogRange {
  int lines = 20;
  std::optional<LogMark> since;
};

/// One system's way. What may fail runs a program of the system's and returns no_service_manager, service_failed with its
/// words, timed_out, or file_failed.
class ServiceManager {
 public:
  virtual ~ServiceManager() = default;

  virtual std::string label(std::string_view name) const = 0;
  virtual std::string file_name(std::string_view name) const = 0;
  /// The service whose file is called `file_name`, if it can be one of ours.
  virtual std::optional<std::string> name_of(std::string_view file_name) const = 0;

  /// The content of the file of a service. @returns as the manager's programs, which may be asked
  virtual Result<std::string> compose(const Definition& definition) const = 0;
  virtual std::optional<Written> read(std::string_view content) const = 0;

  /// Where the manager looks for files of this user's; it need not exist. This asks the manager.
  virtual Result<std::filesystem::path> folder() const = 0;
  /// The places that folder() chooses from.
  virtual std::vector<std::filesystem::path> folders() const = 0;

  /// The file was written: the manager is told of it, and to start the service at each login.
  virtual Result<> enable(const Unit& unit) const = 0;
  /// Starts it, anew when it runs. Returns before it is ready, which observe() tells.
  virtual Result<> start(const Unit& unit) const = 0;
  /// Stops it and returns when it has ended. One that does not run is no failure.
  virtual Result<> stop(const Unit& unit) const = 0;
  /// It is no longer started at login. Before the file is removed.
  virtual Result<> disable(const Unit& unit) const = 0;
  /// The file was removed.
  virtual Result<> forget(const Unit& unit) const = 0;

  virtual Result<Observation> observe(const Unit& unit) const = 0;

  /// Where the service's log ends now.
  virtual LogMark mark_log(std::string_view name) const = 0;
  /// Removes the log of a service that had none at `before`, where it is a file of the service's own.
  virtual void drop_log(std::string_view name, const LogMark& before) const = 0;
  /// The end of the service's log; empty when there is none. @returns file_missing when the program that shows it is not there, too
  virtual Result<std::string> log_end(std::string_view name, const LogRange& range) const = 0;
  /// @returns file_missing
  virtual Result<std::vector<std::string>> log_command(std::string_view name, int lines, LogFollow follow) const = 0;

  virtual Linger linger() const = 0;
};

}  // namespace cordon::service
