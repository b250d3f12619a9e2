#include "proxy/destination.hpp"

#include <fmt/format.h>

namespace cordon::proxy {
namespace {

net::Reach reach_of(const Route* route, Security security) noexcept {
  if (route == nullptr) return net::Reach::public_only;
  return security == Security::tls ? net::Reach::anywhere : net::Reach::private_only;
}

std::string host_field_of(const std::string& host, std::uint16_t port, Security security) {
  const std::string literal = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const std::uint16_t usual = security == Security::tls ? 443 : 80;
  return port == usual ? literal : fmt::format("{}:{}", literal, port);
}

}  // namespace

StillThere find_again(const Destination& destination, const Settings& settings) noexcept {
  const auto match = settings.routes.find(destination.host, destination.port);
  if (destination.route == nullptr) return {match.route == nullptr, nullptr};
  if (match.route == nullptr || match.route->name != destination.route->name) return {};
  const bool served = destination.security == Security::tls ? settings.ca.has_value() : match.route->allow_plaintext;
  return served ? StillThere{true, match.route} : StillThere{};
}

bool may_be_pooled(const Destination& destination, const std::shared_ptr<const Settings>& current) noexcept {
  return destination.route == nullptr || destination.settings == current;
}

Destination make_destination(std::string host, std::uint16_t port, const Route* route, Security security,
                             std::shared_ptr<const Settings> settings) {
  Destination made;
  made.reach = reach_of(route, security);
  made.host_field = host_field_of(host, port, security);
  // Routes never share connections: one route's roots must not vouch for another's.
  made.pool_key = fmt::format("{}|{}|{}|{}", route != nullptr ? route->name : "",
                              security == Security::tls ? "tls" : "tcp", host, port);
  made.host = std::move(host);
  made.port = port;
  made.route = route;
  made.security = security;
  if (route != nullptr) made.settings = std::move(settings);
  return made;
}

}  // namespace cordon::proxy
