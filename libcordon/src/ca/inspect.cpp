// inspect_ca and check_bundle of <cordon/ca_manager.hpp>: what lies on the disk, without a change.
#include <openssl/bio.h>
#include <openssl/digest.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <array>

#include <fmt/format.h>
#include <cordon/ca_manager.hpp>

#include "base/files.hpp"
#include "ca/bundle.hpp"
#include "ca/certificate.hpp"
#include "ca/root.hpp"
#include "tls/identity.hpp"
#include "tls/roots.hpp"

namespace cordon {

namespace {

constexpr std::size_t kLargestBundle = std::size_t{16} * 1024 * 1024;

std::string subject_of(const X509& certificate) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  if (!memory || X509_NAME_print_ex(memory.get(), X509_get_subject_name(&certificate), 0, XN_FLAG_ONELINE) < 0 ||
      BIO_mem_contents(memory.get(), &data, &size) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(data), size};
}

std::string fingerprint_of(const X509& certificate) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return fmt::format("{:02X}", fmt::join(digest.begin(), digest.begin() + size, ":"));
}

Result<> check_key(const CaPaths& paths, X509& certificate) {
  const auto key = ca::load_key(paths.key);
  if (!key) return std::unexpected(key.error());
  const bool match = X509_check_private_key(&certificate, key->get()) == 1;
  ERR_clear_error();
  if (match) return {};
  return fail(Errc::ca_invalid,
              fmt::format("{} does not belong to the key {}", paths.cert.native(), paths.key.native()));
}

std::optional<unsigned> mode_of(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_mode & 07777U;
}

}  // namespace

Result<CaInfo> inspect_ca(const CaPaths& paths) {
  const auto certificate = ca::load_certificate(paths);
  if (!certificate) return std::unexpected(certificate.error());
  X509& it = **certificate;
  return CaInfo{.subject = subject_of(it),
                .sha256 = fingerprint_of(it),
                .not_before = tls::not_before(it),
                .not_after = tls::not_after(it),
                .made_by_cordon = tls::is_cordon_ca(it),
                .pem = ca::to_pem(it),
                .key_mode = mode_of(paths.key),
                .key = check_key(paths, it)};
}

Result<BundleState> check_bundle(const CaPaths& paths) {
  const auto certificate = ca::load_certificate(paths);
  if (!certificate) return std::unexpected(certificate.error());
  const auto bundle = base::read_file(paths.bundle, kLargestBundle);
  if (!bundle && bundle.error().code == Errc::file_missing) return BundleState::missing;
  if (!bundle) return std::unexpected(bundle.error());
  const auto system = tls::system_roots_pem();
  if (!system) return std::unexpected(system.error());
  const std::string own = ca::to_pem(**certificate);
  if (*bundle == ca::compose_bundle(*system, own)) return BundleState::current;
  return ca::holds_certificate(*bundle, own) ? BundleState::outdated : BundleState::without_ca;
}

}  // namespace cordon
