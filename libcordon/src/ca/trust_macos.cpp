// SystemTrust by macOS's keychains.
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include <cordon/system_trust.hpp>

#include "base/process.hpp"
#include "base/unique_fd.hpp"
#include "ca/trust_store.hpp"

namespace cordon {

namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kMaxOutput = std::size_t{64} * 1024;

/// A file that is gone when this is.
class TemporaryFile {
 public:
  static Result<TemporaryFile> make(std::string_view content) {
    std::string name = (std::filesystem::temp_directory_path() / "cordon-ca-XXXXXX").native();
    const base::UniqueFd made(::mkstemp(name.data()));
    TemporaryFile file(name);
    if (!made || ::write(made.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      return fail(Errc::file_failed, "cannot write " + name);
    return file;
  }
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~TemporaryFile() {
    if (!path_.empty()) (void)::unlink(path_.c_str());
  }
  const std::string& path() const noexcept { return path_; }

 private:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace

Result<SystemTrust> SystemTrust::find(std::string_view /*name*/, const std::filesystem::path& /*root*/) {
  SystemTrust trust;
  trust.system_ = "macOS";
  return trust;
}

Result<SystemTrustState> SystemTrust::state(std::string_view pem) const {
  const auto file = TemporaryFile::make(pem);
  if (!file) return std::unexpected(file.error());
  const auto result = base::run_process({.argv = ca::security_verify(file->path()),
                                         .environment = {"PATH=/usr/bin:/bin"},
                                         .deadline = std::chrono::steady_clock::now() + kPatience,
                                         .max_output = kMaxOutput,
                                         .max_errors = 0,
                                         .descriptor_limit = std::nullopt});
  if (!result) return std::unexpected(result.error());
  const bool trusted = result->end == base::ProcessEnd::exited && result->code == 0;
  return trusted ? SystemTrustState::trusted : SystemTrustState::absent;
}

std::vector<SystemCommand> SystemTrust::plan_trust(const std::filesystem::path& certificate) const {
  return ca::security_trust(certificate);
}

std::vector<SystemCommand> SystemTrust::plan_untrust(const std::filesystem::path& certificate) const {
  return ca::security_untrust(certificate);
}

}  // namespace cordon
