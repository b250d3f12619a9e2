#include "ca/trust_store.hpp"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/files.hpp"
#include "base/process.hpp"

namespace cordon {

namespace {

constexpr std::chrono::minutes kPatience{2};
constexpr std::size_t kMaxOutput = std::size_t{1024} * 1024;
constexpr std::size_t kMaxErrors = std::size_t{16} * 1024;

/// The last line of what a program said.
std::string_view last_words(std::string_view text) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  const std::size_t line_end = text.rfind('\n');
  return line_end == std::string_view::npos ? text : text.substr(line_end + 1);
}

}  // namespace

std::string to_string(const SystemCommand& command) {
  std::string text;
  for (const std::string& word : command)
    text += (text.empty() ? "" : " ") + base::shell_word(word);
  return text;
}

Result<> run_system_command(const SystemCommand& command) {
  // Nothing of the caller's environment: these run as root.
  const auto result = base::run_process({.argv = command,
                                         .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/"},
                                         .deadline = std::chrono::steady_clock::now() + kPatience,
                                         .max_output = kMaxOutput,
                                         .max_errors = kMaxErrors,
                                         .descriptor_limit = std::nullopt});
  if (!result) {
    return fail(result.error().code, to_string(command) + ": " + result.error().message());
  }
  if (result->end == base::ProcessEnd::exited && result->code == 0) return {};
  // These programs handle no secret, so what they say may be shown.
  const std::string_view words = last_words(result->errors.view());
  return fail(Errc::file_failed,
              to_string(command) + " failed" + (words.empty() ? std::string() : ": " + std::string(words)));
}

namespace ca {

namespace {

// update-ca-certificates(8) of Debian, update-ca-trust(8) of Fedora and of Arch, update-ca-certificates(8) of SUSE. A system
// of Debian's kind may have a folder of another's, as that of p11-kit, but not its program. Without --fresh, Debian's leaves links to what is gone.
constexpr std::array<TrustLayout, 4> kLayouts = {{
    {"Fedora", "/etc/pki/ca-trust/source/anchors", ".pem", "/usr/bin/update-ca-trust",
     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", ""},
    {"Arch", "/etc/ca-certificates/trust-source/anchors", ".crt", "/usr/bin/update-ca-trust",
     "/etc/ca-certificates/extracted/tls-ca-bundle.pem", ""},
    {"SUSE", "/etc/pki/trust/anchors", ".pem", "/usr/sbin/update-ca-certificates",
     "/var/lib/ca-certificates/ca-bundle.pem", ""},
    {"Debian", "/usr/local/share/ca-certificates", ".crt", "/usr/sbin/update-ca-certificates",
     "/etc/ssl/certs/ca-certificates.crt", "--fresh"},
}};

constexpr const char* kSecurity = "/usr/bin/security";
constexpr const char* kSystemKeychain = "/Library/Keychains/System.keychain";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::span<const TrustLayout> trust_layouts() noexcept {
  return kLayouts;
}

const TrustLayout* find_trust_layout(const std::filesystem::path& root) {
  const auto found = std::ranges::find_if(kLayouts, [&](const TrustLayout& layout) {
    std::error_code ignored;
    return std::filesystem::is_directory(root / layout.anchors.substr(1), ignored) &&
           std::filesystem::is_regular_file(root / layout.program.substr(1), ignored);
  });
  return found == kLayouts.end() ? nullptr : &*found;
}

std::string anchor_name(std::string_view name) {
  std::string plain = "cordon-" + std::string(name);
  std::ranges::replace_if(
      plain, [](char c) { return !is_plain(c); }, '_');
  return plain;
}

std::vector<SystemCommand> security_trust(const std::filesystem::path& certificate) {
  return {{kSecurity, "add-trusted-cert", "-d", "-r", "trustRoot", "-k", kSystemKeychain, certificate.native()}};
}

std::vector<SystemCommand> security_untrust(const std::filesystem::path& certificate) {
  return {{kSecurity, "remove-trusted-cert", "-d", certificate.native()}};
}

SystemCommand security_verify(const std::filesystem::path& certificate) {
  return {kSecurity, "verify-cert", "-L", "-l", "-c", certificate.native()};
}

}  // namespace ca

}  // namespace cordon
