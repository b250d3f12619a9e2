#include "proxy/judgement.hpp"

namespace cordon::proxy {
namespace {

constexpr std::uint16_t kHttpPort = 80;

/// The usual port of http is the other door to the same host; other ports are other services.
bool is_other_door(const inject::RouteTable::Match& match, std::uint16_t port) noexcept {
  return match.route == nullptr && match.other_port_only != nullptr && port == kHttpPort;
}

}  // namespace

Result<inject::RouteTable::Match> judge_connect(const inject::RouteTable& routes, std::string_view host,
                                                std::uint16_t port, Interception interception) {
  const auto match = routes.find(host, port);
  if (match.route != nullptr && interception == Interception::off) return fail(Errc::tls_disabled);
  // http:// by way of CONNECT (undici): the same answer as to the absolute form.
  if (is_other_door(match, port)) return fail(Errc::plaintext_refused);
  return match;
}

Result<inject::RouteTable::Match> judge_plaintext(const inject::RouteTable& routes, std::string_view host,
                                                  std::uint16_t port) {
  const auto match = routes.find(host, port);
  if (is_other_door(match, port)) return fail(Errc::plaintext_refused);
  if (match.route != nullptr && !match.route->allow_plaintext) return fail(Errc::plaintext_refused);
  return match;
}

}  // namespace cordon::proxy
