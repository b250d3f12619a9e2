// Where the requests of a connection go, decided once and from the request target only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <cordon/config.hpp>

#include "net/address_policy.hpp"
#include "proxy/settings.hpp"

namespace cordon::proxy {

/// How the origin is spoken to.
enum class Security : unsigned char { plaintext, tls };

/// An origin, and the route that leads there.
struct Destination {
  std::string host;  ///< Canonical.
  std::uint16_t port = 0;
  const Route* route = nullptr;              ///< Null: none matched. One of `settings`.
  std::shared_ptr<const Settings> settings;  // with the worker, which may have newer ones by now. Null without a route.
  Security security = Security::tls;
  net::Reach reach = net::Reach::public_only;
  std::string host_field;  ///< The value of Host towards the origin.
  std::string pool_key;    ///< Names what must be equal for a connection to be used again.

  std::string_view route_name() const noexcept { return route != nullptr ? std::string_view(route->name) : ""; }
};

/// What other settings make of a destination.
struct StillThere {
  bool holds = false;            ///< They lead there too: by the route of the same name, or still by none.
  const Route* route = nullptr;  ///< That route, one of theirs.
};
StillThere find_again(const Destination& destination, const Settings& settings) noexcept;

/// Fills in what follows from the other parts: reach, Host value, pool key. An unmatched destination reaches public
/// addresses only; a route's without TLS private ones only (its credential would be readable on the way). `route` is one of
/// `settings`, which only a destination with a route keeps: a tunnel may live for days.
Destination make_destination(std::string host, std::uint16_t port, const Route* route, Security security,
                             std::shared_ptr<const Settings> settings);

/// Whether a connection to `destination` may serve later requests, too, now that settings are `current`. One that was verified
/// against the roots of others may not.
bool may_be_pooled(const Destination& destination, const std::shared_ptr<const Settings>& current) noexcept;

}  // namespace cordon::proxy
