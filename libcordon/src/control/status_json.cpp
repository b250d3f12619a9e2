#include "control/status_json.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace cordon {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::chrono::system_clock::time_point;

Json json_of(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()),
                     unsigned(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Json json_of(const Error& error) {
  return {{"code", name(error.code)}, {"message", error.message()}};
}

template <class T>
Json json_of(const std::optional<T>& value) {
  return value ? json_of(*value) : Json();
}

Json json_of(const PortSet& ports) {
  return ports.any ? Json("any") : Json(ports.list);
}

Json json_of(const SecretStatus& secret) {
  return {{"source", secret.source},
          {"held", secret.held},
          {"fetched", json_of(secret.fetched)},
          {"took_ms", secret.took ? Json(secret.took->count()) : Json()},
          {"failed", json_of(secret.failed)},
          {"last_error", json_of(secret.last_error)}};
}

Json json_of(const RouteStatus& route) {
  return {{"name", route.name},
          {"host", route.host},
          {"port", json_of(route.ports)},
          {"approved", route.approved},
          {"requests", route.requests},
          {"injected", route.injected},
          {"refused", route.refused},
          {"last_injection", json_of(route.last_injection)},
          {"secret", json_of(route.secret)}};
}

Json json_of(const ListenerStatus& listener) {
  return {{"name", listener.name},
          {"port", listener.port},
          {"upstream", listener.upstream},
          {"approved", listener.approved},
          {"open", listener.open},
          {"sessions", listener.sessions},
          {"refused", listener.refused},
          {"last_login", json_of(listener.last_login)},
          {"secret", json_of(listener.secret)}};
}

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// The other direction. Whatever is missing or of another type throws Json::exception, which `reading` catches, as it does this.
struct Malformed {};

/// The number in `count` digits from `begin` on, at most `max`.
unsigned digits(std::string_view text, std::size_t begin, std::size_t count, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + begin + count, value);
  if (error != std::errc() || end != text.data() + begin + count || value > max) throw Malformed();
  return value;
}

/// Of `2026-01-02T03:04:05.678Z`.
Time time_from(const Json& value) {
  using namespace std::chrono;
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() != 24) throw Malformed();
  // Later years are beyond the nanoseconds of a system_clock's int64.
  const year_month_day date{year(static_cast<int>(digits(text, 0, 4, 2200))), month(digits(text, 5, 2, 12)),
                            day(digits(text, 8, 2, 31))};
  if (!date.ok() || date.year() < year(1970)) throw Malformed();
  return sys_days(date) + hours(digits(text, 11, 2, 23)) + minutes(digits(text, 14, 2, 59)) +
         seconds(digits(text, 17, 2, 59)) + milliseconds(digits(text, 20, 3, 999));
}

Errc code_from(std::string_view word) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
    if (name(static_cast<Errc>(code)) == word) return static_cast<Errc>(code);
  return Errc::internal;
}

Error error_from(const Json& value) {
  return {code_from(value.at("code").get_ref<const std::string&>()), value.at("message").get<std::string>()};
}

template <class Read>
auto optional_from(const Json& value, Read read) {
  return value.is_null() ? std::nullopt : std::optional(read(value));
}

PortSet ports_from(const Json& value) {
  if (value == "any") return {.any = true, .list = {}};
  return {.any = false, .list = value.get<std::vector<std::uint16_t>>()};
}

SecretStatus secret_from(const Json& value) {
  SecretStatus secret;
  secret.source = value.at("source").get<std::string>();
  secret.held = value.at("held").get<bool>();
  secret.fetched = optional_from(value.at("fetched"), time_from);
  secret.took = optional_from(value.at("took_ms"),
                              [](const Json& count) { return std::chrono::milliseconds(count.get<std::int64_t>()); });
  secret.failed = optional_from(value.at("failed"), time_from);
  secret.last_error = optional_from(value.at("last_error"), error_from);
  return secret;
}

RouteStatus route_from(const Json& value) {
  RouteStatus route;
  route.name = value.at("name").get<std::string>();
  route.host = value.at("host").get<std::string>();
  route.ports = ports_from(value.at("port"));
  route.approved = value.at("approved").get<bool>();
  route.requests = value.at("requests").get<std::uint64_t>();
  route.injected = value.at("injected").get<std::uint64_t>();
  route.refused = value.at("refused").get<std::uint64_t>();
  route.last_injection = optional_from(value.at("last_injection"), time_from);
  route.secret = secret_from(value.at("secret"));
  return route;
}

ListenerStatus listener_from(const Json& value) {
  ListenerStatus listener;
  listener.name = value.at("name").get<std::string>();
  listener.port = value.at("port").get<std::uint16_t>();
  listener.upstream = value.at("upstream").get<std::string>();
  listener.approved = value.at("approved").get<bool>();
  listener.open = value.at("open").get<std::uint64_t>();
  listener.sessions = value.at("sessions").get<std::uint64_t>();
  listener.refused = value.at("refused").get<std::uint64_t>();
  listener.last_login = optional_from(value.at("last_login"), time_from);
  listener.secret = secret_from(value.at("secret"));
  return listener;
}

ProxyStatus proxy_from(const Json& value) {
  ProxyStatus proxy;
  proxy.instance = value.at("instance").get<std::string>();
  proxy.port = value.at("port").get<std::uint16_t>();
  proxy.started = time_from(value.at("started"));
  proxy.connections = value.at("connections").get<std::size_t>();
  proxy.reloads = value.at("reloads").get<std::uint64_t>();
  proxy.tokens_enforced = value.at("tokens_enforced").get<bool>();
  proxy.unmatched = value.at("unmatched").get<std::uint64_t>();
  for (const Json& route : value.at("routes"))
    proxy.routes.push_back(route_from(route));
  // A version that knew no listeners has none.
  if (!value.contains("listeners")) return proxy;
  for (const Json& listener : value.at("listeners"))
    proxy.listeners.push_back(listener_from(listener));
  return proxy;
}

std::unexpected<Error> fail_reading() {
  return fail(Errc::upstream_protocol, "the control socket gave an answer that this version does not understand");
}

/// What `read` makes of `text`. The parser's own words are dropped: they may quote the text.
template <class Read>
auto reading(std::string_view text, Read read) -> Result<decltype(read(Json()))> {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception&) {
    return fail_reading();
  } catch (const Malformed&) {
    return fail_reading();
  }
}

}  // namespace

std::string to_json(const InstanceStatus& status) {
  const ProxyStatus& proxy = status.proxy;
  Json out = {{"instance", proxy.instance},        {"pid", status.pid},
              {"version", status.version},         {"config", status.config.native()},
              {"socket", status.socket.native()},  {"port", proxy.port},
              {"started", json_of(proxy.started)}, {"reloads", proxy.reloads},
              {"connections", proxy.connections},  {"tokens_enforced", proxy.tokens_enforced},
              {"unmatched", proxy.unmatched},      {"routes", Json::array()},
              {"listeners", Json::array()}};
  for (const RouteStatus& route : proxy.routes)
    out["routes"].push_back(json_of(route));
  for (const ListenerStatus& listener : proxy.listeners)
    out["listeners"].push_back(json_of(listener));
  return dump(out);
}

namespace control {

std::string json_path(const std::filesystem::path& path) {
  return Json::parse(dump(path.native())).get<std::string>();
}

std::string to_json(const Request& request) {
  return dump({{"config", request.config},
               {"name", request.name},
               {"mode", request.mode == StopMode::immediate ? "immediate" : "graceful"},
               {"format", request.format == LogFormat::json ? "json" : "text"},
               {"follow", request.follow == Follow::yes}});
}

Result<Request> parse_request(std::string_view text) {
  try {
    const Json value = Json::parse(text);
    return Request{.config = value.value("config", ""),
                   .name = value.value("name", ""),
                   .mode = value.value("mode", "") == "immediate" ? StopMode::immediate : StopMode::graceful,
                   .format = value.value("format", "") == "json" ? LogFormat::json : LogFormat::text,
                   .follow = value.value("follow", false) ? Follow::yes : Follow::no};
  } catch (const Json::exception&) {
    return fail(Errc::bad_request, "the request is not the JSON object that it should be");
  }
}

Result<InstanceStatus> parse_status(std::string_view text) {
  return reading(text, [](const Json& value) {
    return InstanceStatus{.pid = value.at("pid").get<int>(),
                          .version = value.at("version").get<std::string>(),
                          .config = value.at("config").get<std::string>(),
                          .socket = value.at("socket").get<std::string>(),
                          .proxy = proxy_from(value)};
  });
}

std::string to_json(const ReloadReport& report) {
  return dump({{"warnings", report.warnings}});
}

Result<ReloadReport> parse_report(std::string_view text) {
  return reading(text,
                 [](const Json& value) { return ReloadReport{value.at("warnings").get<std::vector<std::string>>()}; });
}

std::string to_json(const std::vector<Error>& errors) {
  Json out = {{"errors", Json::array()}};
  for (const Error& error : errors)
    out["errors"].push_back(json_of(error));
  return dump(out);
}

Result<std::vector<Error>> parse_errors(std::string_view text) {
  return reading(text, [](const Json& value) {
    std::vector<Error> out;
    for (const Json& error : value.at("errors"))
      out.push_back(error_from(error));
    if (out.empty()) throw Malformed();
    return out;
  });
}

std::string known_to_json(bool known) {
  return dump({{"known", known}});
}

Result<bool> parse_known(std::string_view text) {
  return reading(text, [](const Json& value) { return value.at("known").get<bool>(); });
}

}  // namespace control
}  // namespace cordon
