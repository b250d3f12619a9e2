#include "route_text.hpp"

#include <fmt/format.h>

#include <array>

namespace cordon::cli {

std::string ports_text(const PortSet& ports) {
  return ports.any ? "any port" : fmt::format("port {}", fmt::join(ports.list, ", "));
}

std::string header_text(const Route& route) {
  const std::string secret = fmt::format("<{}>", describe(route.secret));
  if (const auto* basic = std::get_if<BasicAuth>(&route.auth))
    return fmt::format("Authorization: Basic base64({}:{})", basic->username, secret);
  const auto& header = std::get<HeaderAuth>(route.auth);
  return fmt::format("{}: {}{}{}", header.header_name, header.scheme, header.scheme.empty() ? "" : " ", secret);
}

std::string_view source_word(const SecretRef& ref) {
  constexpr std::array<std::string_view, 6> kWords = {"1password", "keyring", "env", "file", "command", "plugged"};
  return kWords[ref.index()];
}

Json json_of(const Route& route) {
  const auto* header = std::get_if<HeaderAuth>(&route.auth);
  Json ports = route.ports.list;
  if (route.ports.any) ports = "any";
  return {{"name", route.name},
          {"host", route.host},
          {"port", ports},
          {"allow_plaintext", route.allow_plaintext},
          {"type", header ? "header" : "basic"},
          {"header_name", header ? header->header_name : "Authorization"},
          {"scheme", header ? header->scheme : "Basic"},
          {"secret", describe(route.secret)}};
}

}  // namespace cordon::cli
