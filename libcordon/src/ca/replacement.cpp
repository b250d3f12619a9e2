#include "ca/replacement.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>
#include <openssl/err.h>

#include "base/files.hpp"
#include "ca/key_pem.hpp"
#include "ca/root.hpp"
#include "tls/roots.hpp"

namespace cordon::ca {

namespace {

constexpr std::chrono::seconds kLockPatience{5};

std::filesystem::path next_key(const CaPaths& paths) {
  return paths.key.native() + ".next";
}

// A person's own CA is theirs to renew: others may rely on it, and it may be signed by somebody else.
Result<> check_replaceable(const CaPaths& paths) {
  const auto certificate = load_certificate(paths);
  if (!certificate || tls::is_cordon_ca(**certificate)) return {};
  return fail(Errc::not_supported,
              fmt::format("{} was not made by Cordon; put another certificate and its key {} in place "
                          "yourself, or take `ca_cert_path` and `ca_key_path` out of the config",
                          paths.cert.native(), paths.key.native()));
}

Result<> move_key(const CaPaths& paths) {
  if (::rename(next_key(paths).c_str(), paths.key.c_str()) == 0) return {};
  return fail(Errc::file_failed, fmt::format("cannot rename {} to {}: {}", next_key(paths).native(), paths.key.native(),
                                             base::errno_text(errno)));
}

Result<> put_in_place(const CaPaths& paths, std::string_view certificate, std::string_view key) {
  const auto kept = base::write_file_whole(next_key(paths), key, kKeyMode, base::Overwrite::yes);
  if (!kept) return std::unexpected(kept.error());
  const auto written = base::write_file_whole(paths.cert, certificate, kCertificateMode, base::Overwrite::yes);
  if (written) return move_key(paths);
  (void)::unlink(next_key(paths).c_str());
  return std::unexpected(written.error());
}

}  // namespace

Result<> replace_root(const CaPaths& paths, const CaOptions& options) {
  if (auto prepared = prepare_folders(paths); !prepared) return prepared;
  const auto lock = base::lock_folder(paths.key.parent_path(), kLockPatience);
  if (!lock) return std::unexpected(lock.error());
  if (auto replaceable = check_replaceable(paths); !replaceable) return replaceable;
  const auto key = make_key();
  if (!key) return std::unexpected(key.error());
  const auto key_pem = encode_key(**key);
  if (!key_pem) return std::unexpected(key_pem.error());
  const auto certificate = make_root_certificate(**key, options.label, options.now());
  if (!certificate) return std::unexpected(certificate.error());
  return put_in_place(paths, to_pem(**certificate), key_pem->view());
}

void finish_replacement(const CaPaths& paths) {
  const auto lock = base::lock_folder(paths.key.parent_path(), kLockPatience);
  if (!lock) return;
  const auto key = load_key(next_key(paths));
  const auto certificate = load_certificate(paths);
  if (!key || !certificate) return;
  const bool theirs = X509_check_private_key(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  if (theirs) (void)move_key(paths);  // when it fails, the pair still does not fit, and that is then told
}

}  // namespace cordon::ca
