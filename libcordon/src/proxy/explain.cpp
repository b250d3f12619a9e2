#include <cordon/explain.hpp>

#include <array>
#include <utility>

#include <fmt/format.h>
#include <asio/ip/address.hpp>

#include <cordon/secret.hpp>

#include "config/host_name.hpp"
#include "http1/target.hpp"
#include "inject/injector.hpp"
#include "inject/route_table.hpp"
#include "net/address_policy.hpp"
#include "proxy/destination.hpp"
#include "proxy/judgement.hpp"

namespace cordon {
namespace {

using Match = inject::RouteTable::Match;

struct Scheme {
  std::string_view name;
  std::uint16_t port;
  proxy::Security security;
};
constexpr std::array<Scheme, 4> kSchemes = {{{"https", 443, proxy::Security::tls},
                                             {"http", 80, proxy::Security::plaintext},
                                             {"wss", 443, proxy::Security::tls},
                                             {"ws", 80, proxy::Security::plaintext}}};

/// What a client asks the proxy for.
struct Asked {
  config::HostPort authority;
  proxy::Security security = proxy::Security::tls;
};

Result<Asked> parse_url(std::string_view url) {
  constexpr std::string_view kForm = "give a URL such as https://api.example.com/path, or a host";
  std::string text(url.substr(0, url.find('#')));  // a fragment never leaves the client
  if (!text.contains("://")) text.insert(0, "https://");
  const auto target = http1::parse_target("GET", text);
  if (!target || target->form != http1::TargetForm::absolute) return fail(Errc::bad_request, std::string(kForm));
  for (const Scheme& scheme : kSchemes) {
    if (!http1::equals_ignoring_case(target->scheme, scheme.name)) continue;
    auto authority = config::parse_authority(target->authority, scheme.port);
    if (!authority) return std::unexpected(std::move(authority).error());
    return Asked{*std::move(authority), scheme.security};
  }
  return fail(Errc::bad_request, "only http, https, ws and wss go through the proxy");
}

/// The address, where the host is one or has only one.
std::optional<asio::ip::address> known_address(const std::string& host) {
  asio::error_code error;
  const auto literal = asio::ip::make_address(host, error);
  if (!error) return literal;
  if (config::is_loopback_or_private(host)) return asio::ip::address_v4::loopback();
  return std::nullopt;
}

std::string ports_text(const PortSet& ports) {
  return ports.any ? "any port" : fmt::format("port {}", fmt::join(ports.list, ", "));
}

/// The explanation of one request, as far as it has come.
class Explainer {
 public:
  Explainer(const Config& config, Asked asked) : config_(config), routes_(config.routes), asked_(std::move(asked)) {
    out_.host = asked_.authority.host;
    out_.port = asked_.authority.port;
    out_.tls = asked_.security == proxy::Security::tls;
  }

  Explanation run() && {
    const Match seen = routes_.find(out_.host, out_.port);
    note(seen);
    const auto match = judge();
    if (!match) {
      refuse(match.error().code, why_not(match.error().code, seen));
    } else if (const auto denied = judge_address(match->route)) {
      refuse(denied->code, denied->context);
    } else if (match->route == nullptr) {
      pass(*match);
    } else if (!match->route->approved) {
      refuse(Errc::binding_unapproved, "its owner has not approved yet that this secret goes to this host");
    } else {
      inject(*match->route);
    }
    return std::move(out_);
  }

 private:
  Result<Match> judge() const {
    const auto interception = config_.tls.enabled ? proxy::Interception::on : proxy::Interception::off;
    return out_.tls ? proxy::judge_connect(routes_, out_.host, out_.port, interception)
                    : proxy::judge_plaintext(routes_, out_.host, out_.port);
  }

  void note(const Match& seen) {
    if (seen.other_port_only != nullptr) out_.other_port = seen.other_port_only->name;
    if (seen.route == nullptr) return;
    out_.route = seen.route->name;
    out_.source = describe(seen.route->secret);
    for (const Route& route : routes_.routes())
      if (&route != seen.route && route.host == out_.host && route.ports.contains(out_.port))
        out_.hidden.push_back(route.name);
  }

  /// What the dialer would say of the address, if that is known.
  std::optional<Error> judge_address(const Route* route) const {
    const auto address = known_address(out_.host);
    if (!address) return std::nullopt;
    if (out_.port == config_.listen && net::is_own_address(*address))
      return Error{Errc::destination_denied, "that is the proxy's own port"};
    const auto made = proxy::make_destination(out_.host, out_.port, route, asked_.security, nullptr);
    if (net::allows(made.reach, *address)) return std::nullopt;
    if (route != nullptr)
      return Error{Errc::plaintext_refused, "without TLS a credential goes to loopback and private addresses only"};
    return Error{Errc::destination_denied,
                 "no route is for it, and its address is this machine's, private or special; a client reaches it "
                 "directly when NO_PROXY names it"};
  }

  static std::string why_not(Errc code, const Match& seen) {
    if (code == Errc::tls_disabled) return "TLS is off in the config, so nothing inside TLS can be given a credential";
    if (seen.route == nullptr)
      return fmt::format("route {} is for {} with TLS", seen.other_port_only->name,
                         ports_text(seen.other_port_only->ports));
    return fmt::format("route {} has no allow_plaintext, so its host is not asked without TLS", seen.route->name);
  }

  void refuse(Errc code, std::string reason) {
    out_.treatment = Treatment::refused;
    out_.refusal = code;
    out_.reason = std::move(reason);
  }

  void pass(const Match& match) {
    out_.treatment = Treatment::untouched;
    const std::string what = out_.tls ? "the tunnel is passed through unread" : "the request is passed on as it is";
    out_.reason = match.other_port_only != nullptr ? fmt::format("route {} is for {}; {}", match.other_port_only->name,
                                                                 ports_text(match.other_port_only->ports), what)
                                                   : fmt::format("no route is for this host; {}", what);
  }

  void inject(const Route& route) {
    out_.treatment = Treatment::injected;
    out_.reason = fmt::format("route {} is for this host and port", route.name);
    const Secret none;
    const auto edits = inject::plan_injection({}, route, none);
    for (const http1::HeaderEdit& edit : edits.view()) {
      const bool removes = edit.kind == http1::HeaderEdit::Kind::remove;
      (removes ? out_.removed : out_.added).emplace_back(edit.name);
      if (edit.kind == http1::HeaderEdit::Kind::add) out_.scheme = edit.prefix;
      if (edit.kind == http1::HeaderEdit::Kind::add_basic) out_.scheme = "Basic";
    }
  }

  const Config& config_;
  inject::RouteTable routes_;
  Asked asked_;
  Explanation out_;
};

}  // namespace

std::string_view name(Treatment treatment) noexcept {
  constexpr std::array<std::string_view, 3> kNames = {"injected", "untouched", "refused"};
  return kNames[static_cast<std::size_t>(treatment)];
}

Result<Explanation> explain(const Config& config, std::string_view url) {
  auto asked = parse_url(url);
  if (!asked) return std::unexpected(std::move(asked).error());
  return Explainer(config, *std::move(asked)).run();
}

}  // namespace cordon
