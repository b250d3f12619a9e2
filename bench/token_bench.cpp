// What it costs to judge the token of a request among 1 and 20, and to ask whether tokens.toml has changed.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "http1/base64.hpp"
#include "support/temp_dir.hpp"
#include "tokens/proxy_auth.hpp"
#include "tokens/token_value.hpp"
#include "tokens/token_watch.hpp"

namespace {

using namespace cordon;

std::string value_of(std::int64_t index) {
  std::string value = "cdn_" + std::string(43, 'a');
  value.replace(4, 2, std::to_string(10 + index));
  return value;
}

std::string field_with(const std::string& value) {
  const std::string credential = "shop-21872928:" + value;
  std::string field = "Basic " + std::string(http1::base64_size(credential.size()), '\0');
  http1::write_base64({credential}, field.data() + 6);
  return field;
}

TokenSet set_of(std::int64_t count) {
  std::vector<TokenEntry> entries;
  for (std::int64_t i = 0; i < count; ++i)
    entries.push_back({{"token-" + std::to_string(i), {}, {}}, tokens::digest_of(value_of(i))});
  return TokenSet(std::move(entries));
}

void authenticate_known(benchmark::State& state) {
  const TokenSet accepted = set_of(state.range(0));
  const std::string field = field_with(value_of(state.range(0) - 1));
  const std::vector<std::string_view> fields{field};
  for (auto _ : state) {
    if (!tokens::authenticate(fields, "shop-21872928", accepted)) state.SkipWithError("the token is refused");
  }
}
BENCHMARK(authenticate_known)->ArgName("tokens")->Arg(1)->Arg(20);

void authenticate_unknown(benchmark::State& state) {
  const TokenSet accepted = set_of(state.range(0));
  const std::string field = field_with(value_of(50));
  const std::vector<std::string_view> fields{field};
  for (auto _ : state) {
    if (tokens::authenticate(fields, "shop-21872928", accepted)) state.SkipWithError("the token is accepted");
  }
}
BENCHMARK(authenticate_unknown)->ArgName("tokens")->Arg(1)->Arg(20);

/// The look at the file that each request takes.
void watch_unchanged(benchmark::State& state) {
  const test::TempDir folder;
  TokenFile file(folder / "tokens.toml");
  if (!file.rotate(kDefaultToken)) state.SkipWithError("no token file");
  tokens::TokenWatch watch(file.path(), null_sink());
  for (auto _ : state)
    benchmark::DoNotOptimize(watch.current());
}
BENCHMARK(watch_unchanged);

}  // namespace

BENCHMARK_MAIN();
