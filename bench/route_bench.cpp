// What it costs to find the route of a host among 1, 100 and 10,000: it should not depend on their number.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "inject/route_table.hpp"

namespace {

using namespace cordon;

std::string host_of(std::int64_t index) {
  return "api-" + std::to_string(index) + ".services.example.com";
}

inject::RouteTable table_of(std::int64_t count) {
  std::vector<Route> routes(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    routes[static_cast<std::size_t>(i)].host = host_of(i);
    routes[static_cast<std::size_t>(i)].ports.list = {443};
  }
  return inject::RouteTable(std::move(routes));
}

/// The same host again and again, as one client's requests ask for it.
void find_same_host(benchmark::State& state) {
  const inject::RouteTable table = table_of(state.range(0));
  const std::string host = host_of(state.range(0) / 2);
  for (auto _ : state) {
    if (table.find(host, 443).route == nullptr) state.SkipWithError("the route is not found");
  }
}
BENCHMARK(find_same_host)->ArgName("routes")->Arg(1)->Arg(100)->Arg(10'000);

void find_missing_host(benchmark::State& state) {
  const inject::RouteTable table = table_of(state.range(0));
  const std::string host = "www.services.example.com";
  for (auto _ : state) {
    if (table.find(host, 443).route != nullptr) state.SkipWithError("a route is found");
  }
}
BENCHMARK(find_missing_host)->ArgName("routes")->Arg(1)->Arg(100)->Arg(10'000);

/// All hosts in turn: what the processor's caches add when many clients ask for different ones.
void find_each_host(benchmark::State& state) {
  const inject::RouteTable table = table_of(state.range(0));
  std::vector<std::string> hosts;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    hosts.push_back(host_of(i * 7919 % state.range(0)));
  std::size_t next = 0;
  for (auto _ : state) {
    if (table.find(hosts[next], 443).route == nullptr) state.SkipWithError("the route is not found");
    next = next + 1 == hosts.size() ? 0 : next + 1;
  }
}
BENCHMARK(find_each_host)->ArgName("routes")->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace

BENCHMARK_MAIN();
