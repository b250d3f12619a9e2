#include "ca/root.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "base/files.hpp"
#include "ca/key_pem.hpp"
#include "tls/roots.hpp"

namespace cordon::ca {

namespace {

constexpr std::chrono::days kLifetime{3650};
constexpr std::size_t kLargestFile = std::size_t{256} * 1024;
constexpr mode_t kKeyMode = 0600;
constexpr mode_t kCertificateMode = 0644;

// Letters of the host's and the label's that may stand in a name whoever displays it.
void sanitise(std::string& text) {
  std::ranges::replace_if(
      text,
      [](char c) {
        const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return !alphanumeric && c != '.' && c != '-' && c != ' ';
      },
      '_');
}

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string common_name(std::string_view label) {
  std::string name = label.empty() ? fmt::format("Cordon on {}", machine_name())
                                   : fmt::format("Cordon {} on {}", label, machine_name());
  name.resize(std::min(name.size(), kLongestName));
  sanitise(name);
  return name;
}

bool add_root_extensions(X509& certificate, EVP_PKEY& key) {
  const bssl::UniquePtr<X509_EXTENSION> extensions[] = {
      make_extension(NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
      make_extension(NID_key_usage, "critical,keyCertSign"),
      make_key_identifier(key),
  };
  return std::ranges::all_of(extensions, [&](const auto& extension) {
    return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
  });
}

// What a person does to get a new CA. Deleting is theirs to decide: clients may trust the old one.
std::string how_to_start_over(const CaPaths& paths) {
  return fmt::format(
      "to get a new CA, run: rm -f {} {}, then start again, and let clients that trusted the old one trust the new one",
      base::shell_word(paths.cert), base::shell_word(paths.key));
}

std::unexpected<Error> unusable(const CaPaths& paths, const std::filesystem::path& file, std::string_view why) {
  return fail(Errc::ca_invalid, fmt::format("{}: {}; {}", file.native(), why, how_to_start_over(paths)));
}

// Whether something is there under this name, be it a link that leads nowhere.
bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
}

Result<> prepare_folders(const CaPaths& paths) {
  // The key's folder must be private even when it is there already: who may rename in it may put another key in place.
  if (auto made = base::make_private_folder(paths.key.parent_path()); !made) return made;
  if (std::filesystem::path folder = paths.cert.parent_path(); !is_there(folder))
    return base::make_private_folder(folder);
  return {};
}

Result<> create_key(const CaPaths& paths) {
  auto key = make_key();
  if (!key) return std::unexpected(std::move(key.error()));
  const auto pem = encode_key(**key);
  if (!pem) return std::unexpected(pem.error());
  const auto written = base::write_file_whole(paths.key, pem->view(), kKeyMode, base::Overwrite::no);
  if (!written) return std::unexpected(written.error());
  return {};  // written or not: another process may have been first, and its key is then the one
}

Result<> create_certificate(const CaPaths& paths, const CaOptions& options, EVP_PKEY& key) {
  const auto certificate = make_root_certificate(key, options.label, options.now());
  if (!certificate) return std::unexpected(certificate.error());
  const auto written = base::write_file_whole(paths.cert, to_pem(**certificate), kCertificateMode, base::Overwrite::no);
  if (!written) return std::unexpected(written.error());
  return {};
}

Result<bssl::UniquePtr<EVP_PKEY>> load_key(const CaPaths& paths) {
  const auto pem = base::read_private_file(paths.key, kLargestFile);
  if (!pem) return std::unexpected(pem.error());
  auto key = decode_key(pem->view());
  if (!key) return unusable(paths, paths.key, key.error().context);
  return key;
}

Result<bssl::UniquePtr<X509>> load_certificate(const CaPaths& paths) {
  const auto pem = base::read_file(paths.cert, kLargestFile);
  if (!pem) return std::unexpected(pem.error());
  const bssl::UniquePtr<BIO> reader(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  bssl::UniquePtr<X509> certificate(reader ? PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  if (!certificate) return unusable(paths, paths.cert, "no certificate in PEM form");
  return certificate;
}

Result<> check_pair(const CaPaths& paths, const tls::Identity& root, TimePoint now) {
  const bool match = X509_check_private_key(root.certificate(), root.key()) == 1;
  ERR_clear_error();
  if (!match) return unusable(paths, paths.cert, fmt::format("does not belong to the key {}", paths.key.native()));
  if (X509_check_ca(root.certificate()) != 1) return unusable(paths, paths.cert, "is not the certificate of a CA");
  if (root.not_after() <= now) return unusable(paths, paths.cert, "has ended");
  return {};
}

}  // namespace

Result<bssl::UniquePtr<X509>> make_root_certificate(EVP_PKEY& key, std::string_view label, TimePoint now) {
  auto certificate = begin_certificate(key, now - kBackdating, now + kLifetime);
  if (!certificate) return certificate;
  X509_NAME* const subject = X509_get_subject_name(certificate->get());
  const bool done = add_name(*subject, NID_organizationName, tls::kCordonOrganization) &&
                    add_name(*subject, NID_commonName, common_name(label)) &&
                    X509_set_issuer_name(certificate->get(), subject) == 1 && add_root_extensions(**certificate, key) &&
                    sign_certificate(**certificate, key);
  if (!done) return crypto_failure("cannot make the CA's certificate");
  return certificate;
}

Result<tls::Identity> open_root(const CaPaths& paths, const CaOptions& options) {
  // The certificate is looked for before the key: it is written after it, so that a certificate without a key is never
  // the work of a process that is still at it.
  const bool has_certificate = is_there(paths.cert);
  const bool has_key = is_there(paths.key);
  if (has_certificate && !has_key) {
    return unusable(paths, paths.cert, fmt::format("its key {} is missing; put it back", paths.key.native()));
  }
  if (auto prepared = prepare_folders(paths); !prepared) return std::unexpected(std::move(prepared.error()));
  if (!has_key) {
    if (auto created = create_key(paths); !created) return std::unexpected(std::move(created.error()));
  }
  auto key = load_key(paths);
  if (!key) return std::unexpected(std::move(key.error()));
  if (!has_certificate) {
    if (auto created = create_certificate(paths, options, **key); !created) return std::unexpected(created.error());
  }
  auto certificate = load_certificate(paths);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  tls::Identity root(std::move(*certificate), std::move(*key));
  if (auto good = check_pair(paths, root, options.now()); !good) return std::unexpected(std::move(good.error()));
  return root;
}

}  // namespace cordon::ca
