#include <cordon/service_installer.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "service/installer.hpp"
#include "service/launchd.hpp"
#include "service/systemd.hpp"

namespace cordon {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::string_view kAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::unique_ptr<service::ServiceManager> manager_of_this_system(const Environment& environment) {
#ifdef __APPLE__
  std::vector<std::string> variables;
  for (const std::string_view name : {"HOME", "PATH"})
    if (const auto found = environment.find(name); found != environment.end())
      variables.push_back(fmt::format("{}={}", name, found->second));
  return std::make_unique<service::Launchd>(
      environment, service::make_program_runner(environment, std::move(variables)), ::getuid());
#else
  return std::make_unique<service::Systemd>(
      environment, service::make_program_runner(environment, service::systemctl_environment(environment)));
#endif
}

}  // namespace

Result<> check_service_name(std::string_view name) {
  const bool good =
      !name.empty() && name.size() <= kMaxName && kAlphanumeric.contains(name.front()) &&
      std::ranges::all_of(name, [](char c) { return kAlphanumeric.contains(c) || c == '.' || c == '_' || c == '-'; });
  if (good) return {};
  return fail(
      Errc::config_invalid,
      fmt::format("`{}` cannot be the name of a service: use up to {} letters, digits, dots, dashes and underscores, "
                  "beginning with a letter or a digit",
                  service::is_plain_text(name) ? name : "...", kMaxName));
}

std::string_view name(ServiceState state) noexcept {
  constexpr std::array<std::string_view, 7> kNames = {"running", "starting", "waiting", "stopping",
                                                      "stopped", "failed",   "unknown"};
  return kNames[std::min(static_cast<std::size_t>(state), kNames.size() - 1)];
}

class ServiceInstaller::Impl : public service::Installer {
 public:
  using Installer::Installer;
};

ServiceInstaller::ServiceInstaller(Environment environment)
    : impl_(std::make_unique<Impl>(manager_of_this_system(environment), environment)) {
}

ServiceInstaller::ServiceInstaller(ServiceInstaller&&) noexcept = default;
ServiceInstaller& ServiceInstaller::operator=(ServiceInstaller&&) noexcept = default;
ServiceInstaller::~ServiceInstaller() = default;

std::expected<InstallReport, ServiceFailure> ServiceInstaller::install(const ServiceRequest& request,
                                                                       const AwaitReady& await_ready) {
  return impl_->install(request, await_ready);
}

Result<bool> ServiceInstaller::uninstall(std::string_view name) {
  return impl_->uninstall(name);
}

std::expected<void, ServiceFailure> ServiceInstaller::start(std::string_view name, const AwaitReady& await_ready) {
  return impl_->start(name, await_ready);
}

Result<> ServiceInstaller::stop(std::string_view name) {
  return impl_->stop(name);
}

std::expected<void, ServiceFailure> ServiceInstaller::restart(std::string_view name, const AwaitReady& await_ready) {
  return impl_->restart(name, await_ready);
}

Result<ServiceStatus> ServiceInstaller::status(std::string_view name) const {
  return impl_->status(name);
}

std::vector<ServiceStatus> ServiceInstaller::list() const {
  return impl_->list();
}

std::optional<ServiceStatus> ServiceInstaller::find(const std::filesystem::path& config) const {
  return impl_->find(config);
}

Result<std::string> ServiceInstaller::log_end(std::string_view name, int lines) const {
  return impl_->manager().log_end(name, {lines, std::nullopt});
}

Result<std::vector<std::string>> ServiceInstaller::log_command(std::string_view name, int lines,
                                                               LogFollow follow) const {
  return impl_->manager().log_command(name, lines, follow);
}

Linger ServiceInstaller::linger() const {
  return impl_->manager().linger();
}

}  // namespace cordon
