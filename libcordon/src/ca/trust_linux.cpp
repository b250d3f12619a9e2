// SystemTrust where a distribution's program makes a bundle of a folder's certificates.
#include <fmt/format.h>
#include <cordon/system_trust.hpp>

#include "base/files.hpp"
#include "base/process.hpp"
#include "ca/bundle.hpp"
#include "ca/trust_store.hpp"

namespace cordon {

namespace {

constexpr std::size_t kLargestBundle = std::size_t{16} * 1024 * 1024;

std::unexpected<Error> fail_unknown() {
  std::vector<std::string> places;
  for (const ca::TrustLayout& layout : ca::trust_layouts())
    places.push_back(fmt::format("{} with {} ({})", layout.anchors, layout.program, layout.system));
  return fail(Errc::not_supported,
              fmt::format("this system keeps its roots in a way that Cordon does not know; looked for {}. Install the "
                          "package ca-certificates, or have programs trust the CA by the variables of `cordon env`",
                          fmt::join(places, ", ")));
}

/// Where a program that every system has lies on this one.
std::string standard_program(std::string_view name) {
  const auto found = base::find_program(name, "/usr/bin:/bin");
  return found ? found->native() : fmt::format("/usr/bin/{}", name);
}

}  // namespace

Result<SystemTrust> SystemTrust::find(std::string_view name, const std::filesystem::path& root) {
  const ca::TrustLayout* const layout = ca::find_trust_layout(root);
  if (layout == nullptr) return fail_unknown();
  SystemTrust trust;
  trust.system_ = layout->system;
  trust.anchor_ = root / layout->anchors.substr(1) / (ca::anchor_name(name) + std::string(layout->suffix));
  trust.bundle_ = root / layout->bundle.substr(1);
  trust.update_ = {(root / layout->program.substr(1)).native()};
  trust.removal_ = trust.update_;
  if (!layout->removal.empty()) trust.removal_.emplace_back(layout->removal);
  return trust;
}

Result<SystemTrustState> SystemTrust::state(std::string_view pem) const {
  const auto bundle = base::read_file(bundle_, kLargestBundle, base::Symlinks::follow);
  if (!bundle && bundle.error().code != Errc::file_missing) return std::unexpected(bundle.error());
  if (bundle && ca::holds_certificate(*bundle, pem)) return SystemTrustState::trusted;
  std::error_code ignored;
  const bool other = std::filesystem::exists(std::filesystem::symlink_status(anchor_, ignored));
  return other ? SystemTrustState::other : SystemTrustState::absent;
}

std::vector<SystemCommand> SystemTrust::plan_trust(const std::filesystem::path& certificate) const {
  return {{standard_program("install"), "-m", "0644", certificate.native(), anchor_.native()}, update_};
}

std::vector<SystemCommand> SystemTrust::plan_untrust(const std::filesystem::path& /*certificate*/) const {
  return {{standard_program("rm"), "-f", anchor_.native()}, removal_};
}

}  // namespace cordon
