#include "system_store.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace cordon::cli {

Result<SystemTrust> system_trust_of(const Instance& instance) {
  return SystemTrust::find(fmt::format("{}-{}", instance.name, ::geteuid()));
}

std::string system_state_name(const Instance& instance, const CaInfo& ca) {
  constexpr std::array<const char*, 3> kNames = {"absent", "trusted", "other"};  // as in SystemTrustState
  const auto trust = system_trust_of(instance);
  const auto state = trust ? trust->state(ca.pem) : std::unexpected(trust.error());
  return state ? kNames[static_cast<std::size_t>(*state)] : "unknown";
}

std::string time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string date_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace cordon::cli
