// File: explain.hpp
//
// What the proxy would do with a request for a URL, and why, without doing it: nothing is resolved, connected to or fetched. The judgement is
// the proxy's own code's, so it cannot differ from what happens.
//
//   const auto explained = cordon::explain(config, "https://api.stripe.com/v1/charges");
//   if (explained && explained->treatment == cordon::Treatment::injected) ... explained->route, explained->added
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/config.hpp>
#include <cordon/error.hpp>

namespace cordon {

/// What becomes of a request.
enum class Treatment : std::uint8_t {
  injected,   ///< It gets a route's credential.
  untouched,  ///< It passes as it is; inside TLS nothing of it is read.
  refused,    ///< The proxy answers it itself, with Explanation::refusal.
};

/// `injected`, `untouched`, `refused`. Lives for ever.
std::string_view name(Treatment treatment) noexcept;

struct Explanation {
  std::string host;  ///< Canonical.
  std::uint16_t port = 0;
  bool tls = true;  ///< As the URL says.
  Treatment treatment = Treatment::untouched;
  std::optional<Errc> refusal;
  std::string reason;  ///< One sentence, without a full stop.
  std::string route;   ///< The name of the route that the request takes; empty: none.
  std::string source;  ///< describe() of the route's secret; empty without a route.

  // Names of header fields, when it is injected. Never a value.
  std::vector<std::string> added;
  std::vector<std::string> removed;  ///< Whatever the client sent under these names.
  std::string scheme;  ///< What stands before the secret, such as `Bearer`; mostly there for Authorization.

  std::vector<std::string> hidden;  ///< Later routes that cover the same host and port: never used for it.
  std::string other_port;           ///< Without a route: one that covers the host, but not this port.
};

/// Explains a request for `url`: `https://host:port/path`, also with `http`, `wss` or `ws`, or just `host` or `host:port`, which stand for
/// https. Routes whose bindings are withheld (withhold_unapproved) are refused as the proxy refuses them. What an address is
/// denied for is only said of IP literals and of `localhost`: other names would have to be resolved.
/// @returns bad_request when `url` is none that a client could ask the proxy for
Result<Explanation> explain(const Config& config, std::string_view url);

}  // namespace cordon
