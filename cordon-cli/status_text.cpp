#include "status_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "service_text.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;
/// Counts stand at the right of their columns.
constexpr std::array<std::string_view, kColumns> kCell = {"{:<{}}", "{:<{}}", "{:>{}}", "{:>{}}",
                                                          "{:>{}}", "{:<{}}", ""};

std::string ago(const std::optional<Time>& time, Time now) {
  return time ? rough_time(now - *time) + " ago" : "never";
}

std::string standing_text(bool approved, const SecretStatus& secret, Time now) {
  return approved ? secret_text(secret, now) : "not approved yet: run `cordon approve`";
}

Row row_of(const RouteStatus& route, Time now) {
  return {route.name,
          destination_text(route.host, route.ports),
          fmt::format("{}", route.requests),
          fmt::format("{}", route.injected),
          fmt::format("{}", route.refused),
          ago(route.last_injection, now),
          standing_text(route.approved, route.secret, now)};
}

Row row_of(const ListenerStatus& listener, Time now) {
  const std::string port = listener.port == 0 ? "takes a restart" : fmt::format("127.0.0.1:{}", listener.port);
  return {listener.name,
          fmt::format("{} -> {}", port, listener.upstream),
          fmt::format("{}", listener.open),
          fmt::format("{}", listener.sessions),
          fmt::format("{}", listener.refused),
          ago(listener.last_login, now),
          standing_text(listener.approved, listener.secret, now)};
}

/// The last column is as long as it is.
std::string line_of(const Row& row, const std::array<std::size_t, kColumns>& widths) {
  std::string line = " ";
  for (std::size_t i = 0; i < kColumns; ++i) {
    line += ' ';
    line += i + 1 == kColumns ? row[i] : fmt::format(fmt::runtime(kCell[i]), row[i], widths[i]) + " ";
  }
  return line;
}

constexpr std::array<const char*, kColumns> kRouteHead = {"route",   "host",           "requests", "injected",
                                                          "refused", "last injection", "secret"};
constexpr std::array<const char*, kColumns> kListenerHead = {"listener", "port -> upstream", "open",  "ended",
                                                             "refused",  "last login",       "secret"};

/// Routes or listeners; nothing when there are none.
template <class Status>
void print_table(Terminal& terminal, const std::array<const char*, kColumns>& titles,
                 const std::vector<Status>& statuses, Time now) {
  if (statuses.empty()) return;
  Row head;
  std::ranges::copy(titles, head.begin());
  std::vector<Row> rows;
  for (const Status& status : statuses)
    rows.push_back(row_of(status, now));
  std::array<std::size_t, kColumns> widths{};
  for (std::size_t i = 0; i < kColumns; ++i) {
    widths[i] = head[i].size();
    for (const Row& row : rows)
      widths[i] = std::max(widths[i], row[i].size());
  }
  terminal.print("\n" + terminal.paint(Style::bold, line_of(head, widths)) + "\n");
  for (const Row& row : rows)
    terminal.print(terminal.paint(Style::plain, line_of(row, widths)) + "\n");
}

void print_field(Terminal& terminal, std::string_view label, std::string_view value) {
  terminal.print(fmt::format("  {:<13}{}\n", label, terminal.paint(Style::plain, value)));
}

}  // namespace

std::string destination_text(std::string_view host, const PortSet& ports) {
  const bool literal6 = host.contains(':');
  const std::string list = ports.any ? "*" : fmt::format("{}", fmt::join(ports.list, ","));
  return fmt::format("{}{}{}:{}", literal6 ? "[" : "", host, literal6 ? "]" : "", list);
}

std::string rough_time(std::chrono::system_clock::duration time) {
  const auto seconds = std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count(), 0);
  const auto minutes = seconds / 60;
  const auto hours = minutes / 60;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (hours < 24) return fmt::format("{} h {} min", hours, minutes % 60);
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string secret_text(const SecretStatus& secret, Time now) {
  std::string text = secret.source;
  if (secret.held && secret.fetched)
    text += fmt::format(", kept, {} old", rough_time(now - *secret.fetched));
  else if (secret.fetched)
    text += fmt::format(", fetched {}", ago(secret.fetched, now));
  if (secret.last_error && (!secret.fetched || !secret.failed || *secret.failed >= *secret.fetched))
    text += fmt::format(", failed {}: {}", ago(secret.failed, now), secret.last_error->message());
  return text;
}

void print_status(Terminal& terminal, const InstanceStatus& status, const std::optional<ServiceStatus>& service,
                  Time now) {
  const ProxyStatus& proxy = status.proxy;
  terminal.print(
      fmt::format("{} is {}\n", terminal.paint(Style::bold, proxy.instance), terminal.paint(Style::green, "running")));
  print_field(terminal, "config", status.config.string());
  print_field(terminal, "address", fmt::format("127.0.0.1:{}", proxy.port));
  print_field(terminal, "pid", fmt::format("{}", status.pid));
  print_field(terminal, "up",
              fmt::format("{}, {}, version {}", rough_time(now - proxy.started), counted(proxy.reloads, "reload"),
                          status.version));
  if (service) print_field(terminal, "service", service_line(*service, now));
  if (service && service->trouble) print_field(terminal, "trouble", service->trouble->message());
  print_field(terminal, "tokens", proxy.tokens_enforced ? "on" : "off: every program of yours may use the routes");
  print_field(terminal, "connections", fmt::format("{}", proxy.connections));
  print_field(terminal, "unmatched", counted(proxy.unmatched, "request"));
  print_table(terminal, kRouteHead, proxy.routes, now);
  print_table(terminal, kListenerHead, proxy.listeners, now);
}

}  // namespace cordon::cli
