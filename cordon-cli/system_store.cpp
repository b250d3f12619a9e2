#include "system_store.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include <cordon/printable.hpp>

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

bool names_ca(const Target& target) {
  const CaPaths paths = target.ca_paths();
  return paths.cert != target.instance.ca.cert || paths.key != target.instance.ca.key;
}

void warn_of_named_ca(const Terminal& terminal, const Target& target) {
  if (target.instance.scope != Scope::project || !target.config.tls.enabled || !names_ca(target)) return;
  const CaPaths paths = target.ca_paths();
  const auto info = inspect_ca(paths);
  terminal.warning(
      fmt::format("{} names a CA of its own, {}{}: whoever has its key can pose as any host towards programs "
                  "that use the bundle; if you did not choose it, take it out of the config",
                  target.instance.config.native(), paths.cert.native(),
                  info ? fmt::format(" (SHA-256 {})", info->sha256) : std::string()));
}

bool is_trusted_by_content(const Instance& instance, const CaInfo& ca) {
  const auto trust = system_trust_of(instance);
  if (!trust || !trust->anchor().empty()) return false;
  const auto state = trust->state(ca.pem);
  return state && *state == SystemTrustState::trusted;
}

Result<CaManager> replace_ca(const Target& target) {
  const CaPaths paths = target.ca_paths();
  const auto info = names_ca(target) ? inspect_ca(paths) : Result<CaInfo>();
  // Of a certificate that somebody else made, `rotate` says what there is to say.
  const bool is_whole = info && (!names_ca(target) || !info->made_by_cordon || info->key);
  if (is_whole) return CaManager::rotate(paths, {.label = target.instance.name});
  return fail(
      Errc::not_supported,
      fmt::format("{} and {} are not a CA of Cordon's and its key, and stay as they are; mend them yourself, or "
                  "take `ca_cert_path` and `ca_key_path` out of the config",
                  paths.cert.native(), paths.key.native()));
}

std::string time_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string date_text(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace cordon::cli
