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

Destination make_destination(std::string host, std::uint16_t port, const Route* route, Security security) {
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
  return made;
}

}  // namespace cordon::proxy
