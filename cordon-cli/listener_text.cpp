#include "listener_text.hpp"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "route_text.hpp"

namespace cordon::cli {

std::string upstream_text(const Listener& listener) {
  const bool literal6 = listener.upstream_host.contains(':');
  return fmt::format("{}{}{}:{}", literal6 ? "[" : "", listener.upstream_host, literal6 ? "]" : "",
                     listener.upstream_port);
}

std::string_view word_of(ClientTls tls) {
  constexpr std::array<std::string_view, 3> kWords = {"accept", "require", "disable"};
  return kWords[static_cast<std::size_t>(tls)];
}

std::string_view word_of(UpstreamTls tls) {
  constexpr std::array<std::string_view, 2> kWords = {"verify-full", "disable"};
  return kWords[static_cast<std::size_t>(tls)];
}

std::string allowances_text(const Listener& listener) {
  std::vector<std::string_view> all;
  if (listener.allow_weak_auth) all.emplace_back("weak authentication");
  if (listener.allow_replication) all.emplace_back("replication");
  return fmt::format("{}", fmt::join(all, ", "));
}

Json json_of(const Listener& listener) {
  return {{"name", listener.name},
          {"port", listener.port},
          {"upstream", upstream_text(listener)},
          {"username", listener.username},
          {"client_tls", word_of(listener.client_tls)},
          {"upstream_tls", word_of(listener.upstream_tls)},
          {"require_token", listener.require_token},
          {"allow_weak_auth", listener.allow_weak_auth},
          {"allow_replication", listener.allow_replication},
          {"secret", describe(listener.secret)}};
}

}  // namespace cordon::cli
