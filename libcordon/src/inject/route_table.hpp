// Finds the route of a host and port. Built once from a config, then immutable; shared by all workers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <cordon/config.hpp>

namespace cordon::inject {

class RouteTable {
 public:
  explicit RouteTable(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;  ///< The first route in the file's order that covers host and port; or null.
    const Route* other_port_only =
        nullptr;  ///< When null: a route for the host that does not cover the port; for the log.
  };
  /// `host` is canonical. Constant time on average; no allocation.
  Match find(std::string_view host, std::uint16_t port) const noexcept;

  const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::vector<Route> routes_;
  std::unordered_map<std::string, std::vector<std::size_t>, Hash, std::equal_to<>> by_host_;
};

}  // namespace cordon::inject
