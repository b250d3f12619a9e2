// Who listens on the port, and whether it is well.
#include <fmt/format.h>

#include <cordon/control_client.hpp>

#include "doctor/finding.hpp"
#include "free_port.hpp"
#include "port_holder.hpp"
#include "text.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr std::chrono::seconds kHealthTime{2};
constexpr const char* kListenerPort = "listener port";

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

/// `own_pid` is the instance's, 0 when it does not run.
Finding listener_finding(const Patient& patient, const Listener& listener, int own_pid) {
  const std::uint16_t port = listener.port;
  if (is_free_port(port) && own_pid != 0) {
    return {kListenerPort, listener.name, Verdict::warning,
            fmt::format("{} is free: the instance that runs was started without it", port),
            fmt::format("{} && {}", patient.command("stop"), patient.command("start"))};
  }
  if (is_free_port(port)) return {kListenerPort, listener.name, Verdict::ok, fmt::format("{} is free", port)};
  const auto holder = find_port_holder(port);
  if (own_pid != 0 && holder && holder->pid == own_pid)
    return {kListenerPort, listener.name, Verdict::ok, fmt::format("{} is held by this instance", port)};
  // Of a process that is not dumpable, as this instance's is not, the system does not tell.
  if (own_pid != 0 && !holder)
    return {kListenerPort, listener.name, Verdict::ok,
            fmt::format("{} is held, by this instance as far as can be seen", port)};
  return {kListenerPort, listener.name, Verdict::failure, fmt::format("{} is taken by {}", port, holder_text(port)),
          fmt::format("{} {} --port PORT", patient.command("listener edit"), shell_quoted(listener.name))};
}

}  // namespace

Findings check_listener_ports(const Patient& patient) {
  if (patient.config().listeners.empty()) return {};
  const auto running = ControlClient(patient.instance).status(kHealthTime);
  const int own_pid = running ? running->pid : 0;
  Findings findings;
  for (const Listener& listener : patient.config().listeners)
    findings.push_back(listener_finding(patient, listener, own_pid));
  return findings;
}

Findings check_port(const Patient& patient) {
  const std::uint16_t port = patient.config().listen;
  if (is_held_by_another_user(port)) return taken(patient, "another user's program");
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
  Findings findings = taken(patient, holder_text(port));
  if (!health && health.error().code == Errc::timed_out) {
    findings.back() = {
        "health", "", Verdict::failure, health.error().message(),
        fmt::format("end what holds the port, by kill -9 if need be, then: {}", patient.command("start"))};
  }
  return findings;
}

}  // namespace cordon::cli::doctor
