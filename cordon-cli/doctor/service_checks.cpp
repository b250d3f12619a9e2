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
  const std::string line =
      fmt::format("{}: {}", service.label, service_state_text(service, std::chrono::system_clock::now()));
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

Finding login_finding(const Patient& patient, const ServiceStatus& service) {
  constexpr const char* kName = "service login";
  if (service.state == ServiceState::unknown) return {kName, "", Verdict::skipped, "cannot be told here"};
  if (service.enabled) return {kName, "", Verdict::ok, "it starts at login"};
  return {kName, "", Verdict::warning, "it does not start at login", patient.command("service install")};
}

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Findings file_findings(const Patient& patient, const ServiceStatus& service) {
  constexpr const char* kName = "service files";
  Findings findings;
  const auto add_missing = [&](std::string_view what, const std::filesystem::path& path, std::string fix) {
    findings.push_back({kName, "", Verdict::failure,
                        fmt::format("its {} {} is not there any more", what, path.string()), std::move(fix)});
  };
  if (!is_there(service.program)) add_missing("program", service.program, patient.command("service install"));
  if (!is_there(service.config))
    add_missing("config", service.config, "put it back, or: " + service_command("uninstall", service));
  if (findings.empty()) findings.push_back({kName, "", Verdict::ok, "its program and its config are there"});
  return findings;
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
  Findings findings = {state_finding(*service), login_finding(patient, *service)};
  for (Finding& finding : file_findings(patient, *service))
    findings.push_back(std::move(finding));
  findings.push_back(linger_finding(installer));
  return findings;
}

}  // namespace cordon::cli::doctor
