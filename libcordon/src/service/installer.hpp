// ServiceInstaller over one service manager.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/service_installer.hpp>

#include "service/service_files.hpp"
#include "service/service_manager.hpp"

namespace cordon::service {

/// See ServiceInstaller for what its functions do.
class Installer {
 public:
  using AwaitReady = ServiceInstaller::AwaitReady;
  using Started = std::expected<void, ServiceFailure>;

  Installer(std::unique_ptr<ServiceManager> manager, Environment environment);

  std::expected<InstallReport, ServiceFailure> install(const ServiceRequest& request, const AwaitReady& await_ready);
  Result<bool> uninstall(std::string_view name);
  Started start(std::string_view name, const AwaitReady& await_ready);
  Result<> stop(std::string_view name);
  Started restart(std::string_view name, const AwaitReady& await_ready);
  Result<ServiceStatus> status(std::string_view name) const;
  std::vector<ServiceStatus> list() const;
  std::optional<ServiceStatus> find(const std::filesystem::path& config) const;
  const ServiceManager& manager() const { return *manager_; }

 private:
  /// What is there before, and what is wanted.
  struct Plan {
    Unit unit;
    Written written;
    std::string content;
    std::optional<std::string> previous;  ///< The file's content; nothing when there is none.
    Observation before;
    LogMark log;
  };

  Result<Plan> plan_install(const ServiceRequest& request) const;
  Result<> check_free(const ServiceRequest& request) const;
  Started apply(const Plan& plan, const AwaitReady& await_ready, std::vector<std::filesystem::path>& made);
  std::vector<Error> put_back(const Plan& plan, const std::vector<std::filesystem::path>& made);
  Result<> remove(const Unit& unit, const std::vector<std::filesystem::path>& made);
  Result<bool> remove_stray(std::string_view name);
  Started start_and_wait(const Unit& unit, const AwaitReady& await_ready) const;
  /// For a service that runs, or has just been told to.
  Started wait_until_ready(const Unit& unit, const AwaitReady& await_ready) const;
  ServiceStatus status_of(const Installed& service) const;

  std::unique_ptr<ServiceManager> manager_;
  Environment environment_;
};

}  // namespace cordon::service
