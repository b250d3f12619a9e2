#include "inject/injector.hpp"

#include <variant>

namespace cordon::inject {

namespace {

constexpr std::string_view kAuthorization = "Authorization";

using Kind = http1::HeaderEdit::Kind;

http1::HeaderEdit credential(const HeaderAuth& auth, const Secret& secret) noexcept {
  return {Kind::add, auth.header_name, auth.scheme, secret.reveal()};
}

http1::HeaderEdit credential(const BasicAuth& auth, const Secret& secret) noexcept {
  return {Kind::add_basic, kAuthorization, auth.username, secret.reveal()};
}

}  // namespace

http1::HeaderEdits plan_removal(const Route& route) noexcept {
  http1::HeaderEdits edits;
  edits.push({Kind::remove, kAuthorization, {}, {}});
  const auto* header = std::get_if<HeaderAuth>(&route.auth);
  if (header != nullptr && !http1::equals_ignoring_case(header->header_name, kAuthorization)) {
    edits.push({Kind::remove, header->header_name, {}, {}});
  }
  return edits;
}

http1::HeaderEdits plan_injection(const http1::RequestHead& /*request*/, const Route& route,
                                  const Secret& secret) noexcept {
  http1::HeaderEdits edits = plan_removal(route);
  edits.push(std::visit([&](const auto& auth) { return credential(auth, secret); }, route.auth));
  return edits;
}

}  // namespace cordon::inject
