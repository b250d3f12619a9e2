#include "client_environment.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include <cordon/ca_manager.hpp>
#include <cordon/token_set.hpp>

namespace cordon::cli {
namespace {

// Both cases: curl reads only the lower one for http, many programs only the upper one.
constexpr std::array<const char*, 4> kProxyVariables = {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"};

// Each of these replaces the client's list of roots, so it gets the system's roots and Cordon's CA in one file.
constexpr std::array<const char*, 9> kBundleVariables = {
    "SSL_CERT_FILE",  "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT",
    "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO",  "AWS_CA_BUNDLE",  "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "DENO_CERT"};

std::string value_or_empty(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

std::string joined(const std::vector<std::string>& entries) {
  return fmt::format("{}", fmt::join(entries, ","));
}

/// The proxy's address, with the token in it: made for its receiver, in a process that ends with that.
std::string proxy_url(const Target& target, std::string_view token) {
  return fmt::format("http://{}:{}@127.0.0.1:{}", target.instance.name, token, target.config.listen);
}

/// The same for the token called `name`, or without one where the instance has none.
Result<std::string> proxy_url_with(const Target& target, std::string_view name) {
  const TokenFile file(target.instance.tokens);
  if (!file.exists()) {
    if (name.empty()) return fmt::format("http://127.0.0.1:{}", target.config.listen);
    return fail(Errc::token_invalid,
                fmt::format("there is no token `{}`: there are none, and none is asked for", name));
  }
  const auto value = file.value(name.empty() ? kDefaultToken : name);
  if (!value) return std::unexpected(value.error());
  return proxy_url(target, value->reveal());
}

void append_proxy(const Target& target, const Environment& environment, const std::string& url, Variables& out) {
  for (const char* name : kProxyVariables)
    out.emplace_back(name, url);
  const std::string direct = merge_no_proxy({"localhost,127.0.0.1,::1", value_or_empty(environment, "NO_PROXY"),
                                             value_or_empty(environment, "no_proxy"), joined(target.config.no_proxy)});
  out.emplace_back("NO_PROXY", direct);
  out.emplace_back("no_proxy", direct);
  out.emplace_back("NODE_USE_ENV_PROXY", "1");
}

void append_trust(const CaPaths& ca, Variables& out) {
  // Node adds this file to its roots, so it wants the CA alone.
  out.emplace_back("NODE_EXTRA_CA_CERTS", ca.cert.string());
  for (const char* name : kBundleVariables)
    out.emplace_back(name, ca.bundle.string());
}

Variables variables_for(const Target& target, const Environment& environment, const std::string& url) {
  Variables out;
  append_proxy(target, environment, url, out);
  if (target.config.tls.enabled) append_trust(target.ca_paths(), out);
  return out;
}

}  // namespace

std::span<const char* const> proxy_variables() noexcept {
  return kProxyVariables;
}

std::span<const char* const> bundle_variables() noexcept {
  return kBundleVariables;
}

void add_token_option(CLI::App& app, std::string& name) {
  app.add_option("--token", name, "Which token the address carries (default: default, where there are any)")
      ->type_name("NAME");
}

std::string merge_no_proxy(const std::vector<std::string>& lists) {
  std::vector<std::string> entries;
  for (const std::string& list : lists) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of(", \t\r\n"), rest.size());
      const std::string_view entry = rest.substr(0, end);
      if (!entry.empty() && std::ranges::find(entries, entry) == entries.end()) entries.emplace_back(entry);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return joined(entries);
}

Result<> prepare_trust(const Target& target) {
  if (!target.config.tls.enabled) return {};
  auto ca = CaManager::open(target.ca_paths(), CaOptions{.label = target.instance.name});
  if (!ca) return std::unexpected(ca.error());
  const auto refreshed = ca->refresh_bundle();
  return refreshed ? Result<>() : std::unexpected(refreshed.error());
}

Result<Variables> client_variables(const Target& target, const Environment& environment, std::string_view token) {
  const auto url = proxy_url_with(target, token);
  if (!url) return std::unexpected(url.error());
  if (auto prepared = prepare_trust(target); !prepared) return std::unexpected(prepared.error());
  return variables_for(target, environment, *url);
}

std::string planned_url(const Target& target, std::string_view token) {
  return proxy_url(target, token);
}

Variables planned_variables(const Target& target, const Environment& environment, std::string_view token) {
  return variables_for(target, environment, proxy_url(target, token));
}

}  // namespace cordon::cli
