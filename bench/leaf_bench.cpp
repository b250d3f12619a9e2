// What a new connection to a configured host costs before its handshake: a leaf from memory, or one made for it. And
// what a start costs for the roots that origins are verified against.
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include <cordon/ca_manager.hpp>

#include "support/temp_dir.hpp"
#include "tls/context.hpp"
#include "tls/roots.hpp"

namespace {

/// A CA in a temporary folder, removed with it.
class TemporaryCa {
 public:
  cordon::Result<cordon::CaManager> open() const {
    return cordon::CaManager::open({folder_ / "ca-cert.pem", folder_ / "ca-key.pem", folder_ / "combined-ca.pem"});
  }

 private:
  cordon::test::TempDir folder_;
};

void mint_leaf(benchmark::State& state) {
  const TemporaryCa place;
  const auto ca = place.open();
  if (!ca) return state.SkipWithError(ca.error().context.c_str());
  std::uint64_t host = 0;
  while (state.KeepRunning()) {
    const auto leaf = ca->leaf("host" + std::to_string(host++) + ".example.com");
    if (!leaf) return state.SkipWithError(leaf.error().context.c_str());
    benchmark::DoNotOptimize(leaf->get());
  }
}
BENCHMARK(mint_leaf)->Unit(benchmark::kMicrosecond);

void find_leaf(benchmark::State& state) {
  const TemporaryCa place;
  const auto ca = place.open();
  if (!ca) return state.SkipWithError(ca.error().context.c_str());
  for (int i = 0; i < 1024; ++i) {
    if (!ca->leaf("host" + std::to_string(i) + ".example.com")) return state.SkipWithError("a leaf cannot be made");
  }
  while (state.KeepRunning()) {
    const auto leaf = ca->leaf("host512.example.com");
    benchmark::DoNotOptimize(leaf->get());
  }
}
BENCHMARK(find_leaf)->Unit(benchmark::kNanosecond);

void open_ca(benchmark::State& state) {
  const TemporaryCa place;
  if (const auto made = place.open(); !made) return state.SkipWithError(made.error().context.c_str());
  while (state.KeepRunning()) {
    const auto ca = place.open();
    benchmark::DoNotOptimize(ca.has_value());
  }
}
BENCHMARK(open_ca)->Unit(benchmark::kMicrosecond);

void load_system_roots(benchmark::State& state) {
  while (state.KeepRunning()) {
    const auto pem = cordon::tls::system_roots_pem();
    if (!pem) return state.SkipWithError(pem.error().context.c_str());
    const auto store = cordon::tls::make_root_store({&*pem, 1});
    if (!store) return state.SkipWithError(store.error().context.c_str());
    benchmark::DoNotOptimize(store->get());
  }
}
BENCHMARK(load_system_roots)->Unit(benchmark::kMillisecond);

void make_server_settings(benchmark::State& state) {
  const TemporaryCa place;
  const auto ca = place.open();
  if (!ca) return state.SkipWithError(ca.error().context.c_str());
  const auto leaf = ca->leaf("host.example.com");
  while (state.KeepRunning()) {
    const auto context = cordon::tls::make_server_context(**leaf);
    benchmark::DoNotOptimize(context.has_value());
  }
}
BENCHMARK(make_server_settings)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
