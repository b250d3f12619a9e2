// The CA, its key, the combined bundle, and the system's list of roots.
#include <fmt/format.h>

#include "doctor/finding.hpp"
#include "system_store.hpp"

namespace cordon::cli::doctor {
namespace {

constexpr std::chrono::days kNearEnd{30};

/// How to get a new CA. Files that the config names may be anything: they are the owner's to look at.
std::string replacement(const Patient& patient) {
  if (!names_ca(*patient.target)) return patient.command("ca rotate");
  return fmt::format("take `ca_cert_path` and `ca_key_path` out of {}, or mend the files that they name",
                     patient.instance.config.string());
}

Finding certificate_finding(const Patient& patient, const CaInfo& info) {
  const auto now = std::chrono::system_clock::now();
  const std::string end = date_text(info.not_after);
  const std::string rotate = replacement(patient);
  if (info.not_after <= now) return {"ca", "", Verdict::failure, "ended on " + end, rotate};
  if (info.not_before > now) {
    return {"ca", "", Verdict::failure,
            fmt::format("valid from {} only: is this machine's clock right?", time_text(info.not_before)), rotate};
  }
  if (info.not_after <= now + kNearEnd) return {"ca", "", Verdict::warning, "ends on " + end, rotate};
  return {"ca", "", Verdict::ok, fmt::format("{}, valid until {}", info.subject, end)};
}

std::vector<std::filesystem::path> key_paths(const Patient& patient) {
  const std::filesystem::path key = patient.target->ca_paths().key;
  return {key, key.parent_path()};
}

Finding key_finding(const Patient& patient, const CaInfo& info) {
  if (info.key) return {"ca key", "", Verdict::ok, fmt::format("mode {:04o}, belongs to the CA", *info.key_mode)};
  const Error& error = info.key.error();
  return {"ca key", "", Verdict::failure, error.message(), mode_fix(error, key_paths(patient), replacement(patient))};
}

Finding bundle_finding(const Patient& patient) {
  const auto state = check_bundle(patient.target->ca_paths());
  const std::string fix = patient.command("ca bundle");
  if (!state) return {"ca bundle", "", Verdict::failure, state.error().message(), fix};
  switch (*state) {
    case BundleState::current:
      return {"ca bundle", "", Verdict::ok, "current"};
    case BundleState::missing:
      return {"ca bundle", "", Verdict::warning, "there is none yet; programs that use it trust nothing", fix};
    case BundleState::without_ca:
      return {"ca bundle", "", Verdict::failure,
              "this CA is not in it: programs that use it refuse the proxy's certificates", fix};
    case BundleState::outdated:
      break;
  }
  return {"ca bundle", "", Verdict::warning, "the system's roots have changed since it was made", fix};
}

}  // namespace

Findings check_ca(const Patient& patient) {
  if (!patient.ca) return {{"ca", "", Verdict::skipped, "TLS is switched off in the config"}};
  const Result<CaInfo>& info = *patient.ca;
  if (!info && info.error().code == Errc::file_missing) {
    return {{"ca", "", Verdict::warning, "there is none yet; the first start makes it", patient.command("ca bundle")}};
  }
  if (!info) {
    return {{"ca", "", Verdict::failure, info.error().message(),
             info.error().code == Errc::ca_invalid ? replacement(patient) : ""}};
  }
  return {certificate_finding(patient, *info), key_finding(patient, *info), bundle_finding(patient)};
}

Findings check_system_trust(const Patient& patient) {
  constexpr const char* kName = "system trust";
  if (!patient.ca || !*patient.ca) return {{kName, "", Verdict::skipped, "there is no CA"}};
  const std::string state = system_state_name(patient.instance, **patient.ca);
  const std::string fix = patient.command("trust");
  if (state == "trusted") return {{kName, "", Verdict::ok, "every program of this machine trusts the CA"}};
  if (state == "other") {
    return {{kName, "", Verdict::warning, "this machine trusts an older CA of this instance, not the one in use", fix}};
  }
  if (state == "unknown") {
    return {{kName, "", Verdict::skipped, "how this system keeps its roots is not known to Cordon"}};
  }
  return {{kName, "", Verdict::skipped, "not asked for: programs trust the CA by the variables of `cordon env`", fix}};
}

}  // namespace cordon::cli::doctor
