#include "proxy/metrics.hpp"

#include <fmt/format.h>

#include <cordon/version.hpp>

namespace cordon::proxy {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::array<std::string_view, kOutcomes> kOutcomeNames = {"answered", "refused", "aborted"};

Outcome outcome_of(const RequestEvent& event) noexcept {
  if (!event.refusal.empty()) return Outcome::refused;
  return event.status != 0 ? Outcome::answered : Outcome::aborted;
}

/// A label's value: names of routes may hold anything (text format, "Comments, help text, and type information").
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? "\\n" : std::string_view(&c, 1);
  }
  return out;
}

void head(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
}

template <class Value>
void single(std::string& out, std::string_view name, std::string_view type, std::string_view help, Value value) {
  head(out, name, type, help);
  fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
}

std::int64_t milliseconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

double seconds(std::chrono::system_clock::duration since_1970) {
  return std::chrono::duration<double>(since_1970).count();
}

}  // namespace

std::uint64_t RouteCounters::all_requests() const noexcept {
  std::uint64_t sum = 0;
  for (const Count& count : requests)
    sum += count.load(kRelaxed);
  return sum;
}

RouteCounters& Metrics::of_route(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& counters = routes_[name];
  if (!counters) counters = std::make_unique<RouteCounters>();
  return *counters;
}

ListenerCounters& Metrics::of_listener(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& counters = listeners_[name];
  if (!counters) counters = std::make_unique<ListenerCounters>();
  return *counters;
}

void Metrics::count_refusal(std::string_view refusal) noexcept {
  for (std::size_t code = 0; !refusal.empty() && code < kCodes; ++code) {
    // Two codes share a name on the wire; the first stands for both.
    if (name(static_cast<Errc>(code)) != refusal) continue;
    refusals_[code].fetch_add(1, kRelaxed);
    break;
  }
}

void Metrics::count_session(const RequestEvent& event, ListenerCounters& listener) noexcept {
  count_refusal(event.refusal);
  const bool cut_short = event.refusal.empty() && !event.injected;
  const Outcome outcome = cut_short ? Outcome::aborted : event.injected ? Outcome::answered : Outcome::refused;
  listener.sessions[static_cast<std::size_t>(outcome)].fetch_add(1, kRelaxed);
  listener.bytes_up.fetch_add(event.bytes_up, kRelaxed);
  listener.bytes_down.fetch_add(event.bytes_down, kRelaxed);
}

void Metrics::count(const RequestEvent& event, RouteCounters* route) noexcept {
  count_refusal(event.refusal);
  if (route == nullptr) return;
  route->requests[static_cast<std::size_t>(outcome_of(event))].fetch_add(1, kRelaxed);
  route->bytes_up.fetch_add(event.bytes_up, kRelaxed);
  route->bytes_down.fetch_add(event.bytes_down, kRelaxed);
  if (!event.injected) return;
  route->injected.fetch_add(1, kRelaxed);
  route->last_injection.store(milliseconds_since_1970(), kRelaxed);
}

void Metrics::write_routes(std::string& out) const {
  std::string requests, injections, bytes;
  const auto write_one = [&](const std::string& route, const RouteCounters& counters) {
    for (std::size_t i = 0; i < kOutcomes; ++i)
      fmt::format_to(std::back_inserter(requests), "cordon_requests_total{{route=\"{}\",outcome=\"{}\"}} {}\n", route,
                     kOutcomeNames[i], counters.requests[i].load(kRelaxed));
    fmt::format_to(std::back_inserter(bytes),
                   "cordon_body_bytes_total{{route=\"{0}\",direction=\"up\"}} {1}\n"
                   "cordon_body_bytes_total{{route=\"{0}\",direction=\"down\"}} {2}\n",
                   route, counters.bytes_up.load(kRelaxed), counters.bytes_down.load(kRelaxed));
    if (&counters == &unmatched_) return;
    fmt::format_to(std::back_inserter(injections), "cordon_injections_total{{route=\"{}\"}} {}\n", route,
                   counters.injected.load(kRelaxed));
  };
  const std::lock_guard lock(mutex_);
  for (const auto& [name, counters] : routes_)
    write_one(escaped(name), *counters);
  write_one("", unmatched_);
  head(out, "cordon_requests_total", "counter",
       "Requests, tunnels and WebSockets that have ended; route \"\": none matched.");
  out += requests;
  head(out, "cordon_injections_total", "counter", "Requests that a route's credential was put into.");
  out += injections;
  head(out, "cordon_body_bytes_total", "counter",
       "Body and tunnel bytes of requests that have ended; up: to the origin.");
  out += bytes;
}

void Metrics::write_listeners(std::string& out) const {
  std::string sessions, open, cancels, bytes;
  const std::lock_guard lock(mutex_);
  if (listeners_.empty()) return;
  for (const auto& [plain_name, counters] : listeners_) {
    const std::string name = escaped(plain_name);
    for (std::size_t i = 0; i < kOutcomes; ++i)
      fmt::format_to(std::back_inserter(sessions), "cordon_sessions_total{{listener=\"{}\",outcome=\"{}\"}} {}\n", name,
                     kOutcomeNames[i], counters->sessions[i].load(kRelaxed));
    fmt::format_to(std::back_inserter(open), "cordon_open_sessions{{listener=\"{}\"}} {}\n", name,
                   counters->open.load(kRelaxed));
    fmt::format_to(std::back_inserter(cancels), "cordon_cancel_requests_total{{listener=\"{}\"}} {}\n", name,
                   counters->cancel_requests.load(kRelaxed));
    fmt::format_to(std::back_inserter(bytes),
                   "cordon_session_bytes_total{{listener=\"{0}\",direction=\"up\"}} {1}\n"
                   "cordon_session_bytes_total{{listener=\"{0}\",direction=\"down\"}} {2}\n",
                   name, counters->bytes_up.load(kRelaxed), counters->bytes_down.load(kRelaxed));
  }
  head(out, "cordon_sessions_total", "counter", "PostgreSQL sessions that have ended; answered: it was logged in.");
  out += sessions;
  head(out, "cordon_open_sessions", "gauge", "PostgreSQL sessions that are logged in.");
  out += open;
  head(out, "cordon_cancel_requests_total", "counter", "PostgreSQL cancel requests that were passed on.");
  out += cancels;
  head(out, "cordon_session_bytes_total", "counter",
       "Bytes of PostgreSQL sessions that have ended; up: to the origin.");
  out += bytes;
}

void Metrics::write_fetches(std::string& out) const {
  const auto all = fetches->figures();
  head(out, "cordon_secret_fetch_failures_total", "counter",
       "Fetches from secret stores that gave no value, by source.");
  for (const auto& figures : all)
    fmt::format_to(std::back_inserter(out), "cordon_secret_fetch_failures_total{{source=\"{}\"}} {}\n", figures.source,
                   figures.failures);
  head(out, "cordon_secret_fetch_duration_seconds", "histogram",
       "Time that fetches from secret stores took, by source.");
  for (const auto& figures : all) {
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < secrets::kFetchBounds.size(); ++i)
      fmt::format_to(std::back_inserter(out),
                     "cordon_secret_fetch_duration_seconds_bucket{{source=\"{}\",le=\"{}\"}} {}\n", figures.source,
                     secrets::kFetchBounds[i], so_far += figures.buckets[i]);
    fmt::format_to(std::back_inserter(out),
                   "cordon_secret_fetch_duration_seconds_bucket{{source=\"{0}\",le=\"+Inf\"}} {1}\n"
                   "cordon_secret_fetch_duration_seconds_sum{{source=\"{0}\"}} {2}\n"
                   "cordon_secret_fetch_duration_seconds_count{{source=\"{0}\"}} {1}\n",
                   figures.source, figures.fetches, figures.seconds);
  }
}

void Metrics::write(std::string& out) const {
  head(out, "cordon_build_info", "gauge", "Always 1; the version is in the label.");
  fmt::format_to(std::back_inserter(out), "cordon_build_info{{version=\"{}\"}} 1\n", version());
  single(out, "cordon_start_time_seconds", "gauge", "When the proxy started, in seconds since 1970.",
         fmt::format("{:.3f}", seconds(started.time_since_epoch())));
  single(out, "cordon_open_connections", "gauge", "Connections from clients that are open.",
         connections.load(kRelaxed));
  single(out, "cordon_connections_total", "counter", "Connections from clients so far.", accepted.load(kRelaxed));
  single(out, "cordon_reloads_total", "counter", "Reloads that put a new configuration in place.",
         reloads.load(kRelaxed));
  write_routes(out);
  write_listeners(out);
  write_fetches(out);
  head(out, "cordon_refusals_total", "counter", "Answers of the proxy's own instead of the origin's, by their code.");
  for (std::size_t code = 0; code < kCodes; ++code) {
    const auto count = refusals_[code].load(kRelaxed);
    if (count == 0) continue;
    fmt::format_to(std::back_inserter(out), "cordon_refusals_total{{code=\"{}\"}} {}\n", name(static_cast<Errc>(code)),
                   count);
  }
}

OpenSession::OpenSession(ListenerCounters& counters) : counters_(counters) {
  ++counters.open;
  counters.last_login = milliseconds_since_1970();
}

}  // namespace cordon::proxy
