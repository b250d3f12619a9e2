#include "secrets/cache_shared.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>
#include <variant>

namespace cordon::secrets {
namespace {

using namespace std::chrono_literals;

// By the kind's place in SecretRef.
constexpr std::array<std::chrono::milliseconds, kSourceKinds> kTimes = {
    15min,  // 1password
    60s,    // keyring
    0s,     // env
    0s,     // file
    15min,  // command
    0s,     // plugged
};

constexpr std::chrono::milliseconds kLongest = std::chrono::years(1);  // far from the clock's end

std::uint64_t random_seed() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

}  // namespace

std::chrono::milliseconds time_to_live(const SecretRef& ref) noexcept {
  return kTimes[ref.index()];
}

CacheShared::CacheShared(std::shared_ptr<const SecretStore> store_, CacheOptions options_)
    : store(std::move(store_)), options(std::move(options_)), seed(random_seed()) {
  if (!options.metrics) options.metrics = std::make_shared<FetchMetrics>();
}

std::chrono::milliseconds CacheShared::time_of(const SecretRef& ref) const noexcept {
  return std::clamp(options.ttl.value_or(time_to_live(ref)), 0ms, kLongest);
}

// FNV-1a. A mistake costs one fetch that comes too late, so that nothing stronger is needed.
std::uint64_t CacheShared::fingerprint(std::string_view value) const noexcept {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  std::uint64_t hash = seed;
  for (const char c : value)
    hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return hash;
}

}  // namespace cordon::secrets
