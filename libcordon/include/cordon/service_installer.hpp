// File: service_installer.hpp
//
// Cordon as a background service of the user's: a systemd user unit on Linux, a launchd agent on macOS. It starts at login, is
// started again when it fails, and logs where the system's services log. Several services live side by side, each with a name
// and a config file of its own.
//
// Nothing here reads or writes a config file, and no service is ever run as another user.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/error.hpp>
#include <cordon/secret_store.hpp>

namespace cordon {

/// What a service is to run: `<program> start --config <config>`, and `<program> reload --config <config>` where the system
/// can ask for a reload.
struct ServiceRequest {
  std::string name;               ///< See check_service_name.
  std::filesystem::path program;  ///< Absolute: `cordon`, or a program of the host's own that takes the same arguments.
  std::filesystem::path config;   ///< Absolute.
};

/// The PATH of a service for `config`: the folders of the environment's PATH that are absolute, where nobody but this user and root can
/// put a program and that do not lie in the folder of `config`, which programs write to; then where systems have their programs.
std::string service_path(const Environment& environment, const std::filesystem::path& config);

/// The path by which a service should run the calling program: where PATH finds it when that is the same file, since such a
/// path outlasts upgrades, else the file that runs. @returns file_missing when that is not known
Result<std::filesystem::path> current_program(const Environment& environment);

/// Whether `name` can name a service: 1 to 64 of A-Z a-z 0-9 . _ -, of which the first is a letter or a digit.
/// @returns config_invalid
Result<> check_service_name(std::string_view name);

enum class ServiceState : std::uint8_t {
  running,
  starting,
  waiting,  ///< It has failed and will be started again in a moment.
  stopping,
  stopped,
  failed,   ///< It has failed and stays down until somebody starts it.
  unknown,  ///< The system's service manager cannot be asked.
};

/// Lower case, such as "running". Lives for ever.
std::string_view name(ServiceState state) noexcept;

/// How a service's last process ended.
struct ServiceEnd {
  bool killed = false;  ///< By a signal.
  int number = 0;       ///< The exit status, or the signal.
};

struct ServiceStatus {
  std::string name;
  std::string label;           ///< What the system calls it, such as `cordon-api.service`.
  std::filesystem::path file;  ///< The unit or property list.
  std::filesystem::path program;
  std::filesystem::path config;
  bool enabled = false;  ///< Starts at login. Not known where there is trouble.
  ServiceState state = ServiceState::unknown;
  int pid = 0;  ///< 0 while it does not run.
  /// By the system, since it was last started by hand or by a login. launchd does not tell.
  std::optional<std::uint64_t> restarts;
  std::optional<std::chrono::system_clock::time_point> since;  ///< Since when it is running.
  std::optional<ServiceEnd> last_end;                          ///< Nothing while its first process runs.
  std::optional<Error> trouble;                                ///< Why the state is unknown.
};

/// Whether the user's services run while the user is not logged in (loginctl(1), enable-linger). Not applicable
/// on macOS.
enum class Linger : std::uint8_t { no, yes, unknown, not_applicable };

enum class InstallChange : std::uint8_t { installed, updated, unchanged };

struct InstallReport {
  InstallChange change = InstallChange::installed;
  ServiceStatus status;
  Linger linger = Linger::unknown;
};

/// Why a service is not running as asked.
struct ServiceFailure {
  Error error;
  std::string log;                ///< The end of what the program wrote, where it was started.
  std::optional<ServiceEnd> end;  ///< How it ended, where it did.
  std::vector<Error> not_undone;  ///< What `install` could not put back; empty nearly always.
};

enum class LogFollow : std::uint8_t { no, yes };

/// The services of the calling user.
///
/// Every call that talks to the service manager runs the manager's own program (systemctl, launchctl) by argument vector with a
/// deadline, and fails with no_service_manager when there is none to talk to (a shell without a login session: the context says
/// what to do), service_failed (it refused: the context has its words), service_taken (a file of that name is another program's
/// or another config's), file_missing (no such service), file_unsafe and file_failed. Not thread-safe; several processes should
/// not change one service at a time.
class ServiceInstaller {
 public:
  /// For the system that this runs on. HOME, PATH, XDG_CONFIG_HOME, XDG_RUNTIME_DIR and the like are taken from `environment`.
  explicit ServiceInstaller(Environment environment);
  ServiceInstaller(ServiceInstaller&&) noexcept;
  ServiceInstaller& operator=(ServiceInstaller&&) noexcept;
  ~ServiceInstaller();

  /// Waits until the program serves, however the host finds that out. Asks `given_up` between two tries and returns
  /// `cancelled` when it says true: the service has ended.
  using AwaitReady = std::function<Result<>(const std::function<bool()>& given_up)>;

  /// Writes the service's file, has it started at login, starts it, and returns once `await_ready` does. A service that is
  /// already as asked for is only started when it is down; one whose file differs is written anew and restarted.
  ///
  /// The file holds PATH and a few other variables that say where things are, never a credential.
  /// When it fails, all is as it was before: a new service is gone without a trace, one that was there has its old file and runs
  /// if it ran.
  std::expected<InstallReport, ServiceFailure> install(const ServiceRequest& request, const AwaitReady& await_ready);

  /// Stops the service and removes its file. @returns whether there was anything to remove
  Result<bool> uninstall(std::string_view name);

  /// start and restart return when `await_ready` does; what fails to start is left as it is, with the manager trying again where
  /// it may mend itself.
  std::expected<void, ServiceFailure> start(std::string_view name, const AwaitReady& await_ready);
  Result<> stop(std::string_view name);
  std::expected<void, ServiceFailure> restart(std::string_view name, const AwaitReady& await_ready);

  Result<ServiceStatus> status(std::string_view name) const;

  /// All services of this user that this class wrote, by name. When the manager cannot be asked, the state of each is unknown.
  std::vector<ServiceStatus> list() const;

  /// The service that runs `config`, if there is one. As list.
  std::optional<ServiceStatus> find(const std::filesystem::path& config) const;

  /// The last lines of the service's log, as log_command shows them but without their times; empty when there are none.
  /// @returns file_missing when the program that shows it is not installed, service_failed, timed_out, file_failed
  Result<std::string> log_end(std::string_view name, int lines) const;

  /// The command, as an argument vector with an absolute program, that shows the service's log.
  /// @returns file_missing when the program that shows it is not installed
  Result<std::vector<std::string>> log_command(std::string_view name, int lines, LogFollow follow) const;

  Linger linger() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cordon
