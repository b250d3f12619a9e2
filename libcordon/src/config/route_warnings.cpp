// Routes that are allowed and yet never do anything.
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/rules.hpp"
#include "config/text.hpp"

namespace cordon::config {
namespace {

/// Which routes took which ports of one host.
struct Host {
  const Route* any = nullptr;  ///< The first route for every port.
  std::map<std::uint16_t, const Route*> ports;
};

const Route* owner_of(const Host& host, std::uint16_t port) {
  const auto found = host.ports.find(port);
  return found != host.ports.end() ? found->second : host.any;
}

/// The ports of `route` that earlier routes took, each with its owner.
std::vector<std::pair<std::uint16_t, const Route*>> taken_ports(const Host& host, const Route& route) {
  std::vector<std::pair<std::uint16_t, const Route*>> taken;
  for (const std::uint16_t port : route.ports.list) {
    if (const Route* owner = owner_of(host, port)) taken.emplace_back(port, owner);
  }
  return taken;
}

void claim(Host& host, const Route& route) {
  if (route.ports.any && host.any == nullptr) host.any = &route;
  for (const std::uint16_t port : route.ports.list) {
    if (owner_of(host, port) == nullptr) host.ports.emplace(port, &route);
  }
}

class RouteWarnings {
 public:
  explicit RouteWarnings(const Config& config) : config_(config) {}

  std::vector<Finding> find() && {
    if (config_.routes.empty() && config_.listeners.empty()) {
      out_.push_back({"", "no routes and no listeners: nothing will be injected; add [[routes]] or [[listeners]]", ""});
    }
    for (const Route& route : config_.routes)
      check(route);
    return std::move(out_);
  }

 private:
  std::string key_of(const Route& route) const { return fmt::format("routes[{}]", &route - config_.routes.data()); }

  void warn(const Route& route, std::string_view part, std::string message, const Route* other) {
    out_.push_back({key_of(route) + std::string(part), std::move(message), other == nullptr ? "" : key_of(*other)});
  }

  void check(const Route& route) {
    if (!config_.tls.enabled && !route.allow_plaintext) {
      warn(route, "", "can never inject: TLS is off and `allow_plaintext` is not set", nullptr);
    }
    Host& host = hosts_[route.host];
    check_hidden(route, host);
    claim(host, route);
  }

  void check_hidden(const Route& route, const Host& host) {
    const auto taken = taken_ports(host, route);
    const bool hidden =
        route.ports.any ? host.any != nullptr : !taken.empty() && taken.size() == route.ports.list.size();
    if (hidden) {
      const Route* owner = route.ports.any ? host.any : taken.front().second;
      return warn(route, ".match.host",
                  fmt::format("is never used: route `{}` comes earlier and covers the same host and ports",
                              printable(owner->name)),
                  owner);
    }
    for (const auto& [port, owner] : taken) {
      warn(route, ".match.port",
           fmt::format("{} is route `{}`'s already, which comes earlier: the first match wins", port,
                       printable(owner->name)),
           owner);
    }
  }

  const Config& config_;
  std::map<std::string_view, Host> hosts_;
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> find_warnings(const Config& config) {
  return RouteWarnings(config).find();
}

}  // namespace cordon::config
