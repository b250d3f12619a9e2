// The background service of the instance, if it has one.
#include <fmt/format.h>

#include <system_error>

#include <cordon/service_installer.hpp>

#include "doctor/finding.hpp"
#include "service_text.hpp"
#include "text.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr const char* kService = "service";

std::string service_command(std::string_view words, const ServiceStatus& service) {
  return fmt::format("cordon service {} {}", words, shell_quoted(service.name));
}

Finding state_finding(const ServiceStatus& service) {
  const std::string line = service_line(service, std::chrono::system_clock::now());
  switch (service.state) {
    case ServiceState::running:
    case ServiceState::starting:
      return {kService, "", Verdict::ok, line};
    case ServiceState::stopped:
    case ServiceState::stopping:
      return {kService, "", Verdict::warning, line, service_command("start", service)};
    case ServiceState::waiting:
    case ServiceState::failed:
      return {kService, "", Verdict::failure, line, service_command("logs", service)};
    case ServiceState::unknown:
      break;
  }
  return {kService, "", Verdict::skipped, service.trouble ? service.trouble->message() : line};
}

void add_missing_file(const Patient& patient, std::string_view what, const std::filesystem::path& path,
                      Findings& findings) {
  std::error_code ignored;
  if (path.empty() || std::filesystem::exists(path, ignored)) return;
  findings.push_back({"service files", "", Verdict::failure,
                      fmt::format("its {} {} is not there any more", what, path.string()),
                      patient.command("service install")});
}

Finding linger_finding(const ServiceInstaller& installer) {
  constexpr const char* kName = "service linger";
  switch (installer.linger()) {
    case Linger::yes:
      return {kName, "", Verdict::ok, "it runs while you are not logged in, too"};
    case Linger::no:
      return {kName, "", Verdict::skipped, "it runs only while you are logged in", "loginctl enable-linger"};
    default:
      return {kName, "", Verdict::skipped, "does not apply, or cannot be told here"};
  }
}

}  // namespace

Findings check_service(const Patient& patient) {
  const ServiceInstaller installer(patient.context.environment);
  const auto service = installer.find(patient.instance.config);
  if (!service) return {{kService, "", Verdict::skipped, "not installed", patient.command("service install")}};
  Findings findings = {state_finding(*service)};
  if (service->state != ServiceState::unknown && !service->enabled) {
    findings.push_back({kService, "", Verdict::warning, "does not start at login", patient.command("service install")});
  }
  add_missing_file(patient, "program", service->program, findings);
  add_missing_file(patient, "config", service->config, findings);
  findings.push_back(linger_finding(installer));
  return findings;
}

}  // namespace cordon::cli::doctor
