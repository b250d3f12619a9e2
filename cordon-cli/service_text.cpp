#include "service_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "status_text.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

using Time = std::chrono::system_clock::time_point;
using Row = std::array<std::string, 6>;

std::string end_text(const ServiceEnd& end) {
  return end.killed ? fmt::format("signal {}", end.number) : fmt::format("exit status {}", end.number);
}

/// The manager that cannot be asked does not tell.
std::string login_text(const ServiceStatus& service, std::string_view no) {
  if (service.trouble) return "?";
  return std::string(service.enabled ? "starts" : no);
}

std::string restarts_text(const ServiceStatus& service) {
  return service.restarts ? fmt::format("{}", *service.restarts) : "?";
}

bool is_down(ServiceState state) {
  return state == ServiceState::waiting || state == ServiceState::failed || state == ServiceState::starting;
}

Style style_of(ServiceState state) {
  if (state == ServiceState::running) return Style::green;
  return state == ServiceState::failed ? Style::red : Style::yellow;
}

void print_field(Terminal& terminal, std::string_view label, std::string_view value) {
  terminal.print(fmt::format("  {:<13}{}\n", label, terminal.paint(Style::plain, value)));
}

}  // namespace

std::string service_state_text(const ServiceStatus& service, Time now) {
  std::string text(service.state == ServiceState::waiting ? "waiting for its next try" : name(service.state));
  if (service.since) text += " for " + rough_time(now - *service.since);
  if (service.last_end && is_down(service.state)) text += ", after " + end_text(*service.last_end);
  if (service.restarts.value_or(0) > 0) text += ", " + counted(*service.restarts, "restart");
  return text;
}

std::string service_line(const ServiceStatus& service, Time now) {
  return fmt::format("{}: {}{}", service.label, service_state_text(service, now),
                     service.trouble   ? ""
                     : service.enabled ? "; starts at login"
                                       : "; does not start at login");
}

Json service_json(const ServiceStatus& service) {
  Json out = {{"name", service.name},
              {"label", service.label},
              {"file", service.file.string()},
              {"program", service.program.string()},
              {"config", service.config.string()},
              {"state", name(service.state)},
              {"enabled", service.trouble ? Json() : Json(service.enabled)},
              {"pid", service.pid > 0 ? Json(service.pid) : Json()},
              {"restarts", service.restarts ? Json(*service.restarts) : Json()}};
  out["since"] = service.since ? Json(fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                                  fmt::gmtime(std::chrono::system_clock::to_time_t(*service.since))))
                               : Json();
  out["last_end"] =
      service.last_end ? Json{{service.last_end->killed ? "signal" : "exit_status", service.last_end->number}} : Json();
  out["trouble"] = service.trouble ? Json(service.trouble->message()) : Json();
  return out;
}

void print_service(Terminal& terminal, const ServiceStatus& service, Time now) {
  terminal.print(fmt::format("{} is {}\n", terminal.paint(Style::bold, service.label),
                             terminal.paint(style_of(service.state), service_state_text(service, now))));
  print_field(terminal, "name", service.name);
  print_field(terminal, "config", service.config.string());
  print_field(terminal, "program", service.program.string());
  print_field(terminal, "file", service.file.string());
  print_field(terminal, "at login", login_text(service, "does not start"));
  if (service.pid > 0) print_field(terminal, "pid", fmt::format("{}", service.pid));
  if (service.last_end) print_field(terminal, "last end", end_text(*service.last_end));
  if (service.trouble) print_field(terminal, "trouble", service.trouble->message());
}

void print_services(Terminal& terminal, const std::vector<ServiceStatus>& services) {
  std::vector<Row> rows = {{"name", "state", "at login", "pid", "restarts", "config"}};
  for (const ServiceStatus& service : services)
    rows.push_back({service.name, std::string(name(service.state)), login_text(service, "no"),
                    service.pid > 0 ? fmt::format("{}", service.pid) : "-", restarts_text(service),
                    service.config.string()});
  Row::size_type i = 0;
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (; i < widths.size(); ++i)
    for (const Row& row : rows)
      widths[i] = std::max(widths[i], row[i].size());
  for (const Row& row : rows) {
    std::string line;
    for (i = 0; i + 1 < row.size(); ++i)
      line += fmt::format("{:<{}}  ", row[i], widths[i]);
    terminal.print(terminal.paint(&row == rows.data() ? Style::bold : Style::plain, line + row.back()) + "\n");
  }
}

}  // namespace cordon::cli
