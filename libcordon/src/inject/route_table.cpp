#include "inject/route_table.hpp"

#include <utility>

namespace cordon::inject {

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  by_host_.reserve(routes_.size());
  for (std::size_t i = 0; i < routes_.size(); ++i)
    by_host_[routes_[i].host].push_back(i);
}

RouteTable::Match RouteTable::find(std::string_view host, std::uint16_t port) const noexcept {
  const auto found = by_host_.find(host);
  if (found == by_host_.end()) return {};
  for (const std::size_t index : found->second) {
    if (routes_[index].ports.contains(port)) return {&routes_[index], nullptr};
  }
  return {nullptr, &routes_[found->second.front()]};
}

}  // namespace cordon::inject
