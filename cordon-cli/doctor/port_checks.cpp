// Who listens on the port, and whether it is well.
#include <fmt/format.h>

#include <cordon/control_client.hpp>

#include "doctor/finding.hpp"
#include "port_holder.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr std::chrono::seconds kHealthTime{2};

std::string holder_text(std::uint16_t port) {
  const auto holder = find_port_holder(port);
  return holder ? fmt::format("{} (pid {})", holder->program, holder->pid) : "another program";
}

Findings taken(const Patient& patient, std::string_view by) {
  const std::uint16_t port = patient.config().listen;
  return {{"port", "", Verdict::failure, fmt::format("{} is taken by {}", port, by),
           fmt::format("end that program, or set another `listen` in {}", patient.instance.config.string())},
          {"health", "", Verdict::skipped, "another program has the port"}};
}

}  // namespace

Findings check_port(const Patient& patient) {
  const std::uint16_t port = patient.config().listen;
  const auto health = probe_health(port, kHealthTime);
  if (health && health->instance == patient.instance.name) {
    return {{"port", "", Verdict::ok, fmt::format("{} is held by this instance", port)},
            {"health", "", Verdict::ok, fmt::format("{} answers", patient.instance.name)}};
  }
  if (health && !health->instance.empty()) {
    Findings findings = taken(patient, fmt::format("another instance, {}", health->instance));
    findings.front().fix = "cordon status --all";
    return findings;
  }
  if (!health && health.error().code == Errc::not_running) {
    return {{"port", "", Verdict::ok, fmt::format("{} is free", port)},
            {"health", "", Verdict::warning, fmt::format("{} is not running", patient.instance.name),
             patient.command("start")}};
  }
  return taken(patient, holder_text(port));
}

}  // namespace cordon::cli::doctor
