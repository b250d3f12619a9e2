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
#include "ca/replacement.hpp"
#include "tls/roots.hpp"

namespace cordon::ca {

namespace {

constexpr std::chrono::days kLifetime{3650};
constexpr std::size_t kLargestFile = std::size_t{256} * 1024;

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

std::unexpected<Error> unusable(const std::filesystem::path& file, std::string_view why) {
  return fail(Errc::ca_invalid, fmt::format("{}: {}", file.native(), why));
}

// Whether something is there under this name, be it a link that leads nowhere.
bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::symlink_status(path, error).type() != std::filesystem::file_type::not_found;
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

bool is_pair(X509& certificate, EVP_PKEY& key) {
  const bool match = X509_check_private_key(&certificate, &key) == 1;
  ERR_clear_error();
  return match;
}

Result<> check_root(const CaPaths& paths, const tls::Identity& root, TimePoint now) {
  if (!is_pair(*root.certificate(), *root.key()))
    return unusable(paths.cert, fmt::format("does not belong to the key {}", paths.key.native()));
  if (X509_check_ca(root.certificate()) != 1) return unusable(paths.cert, "is not the certificate of a CA");
  if (root.not_after() <= now) return unusable(paths.cert, "has ended");
  return {};
}

Result<tls::Identity> load_both(const CaPaths& paths) {
  auto key = load_key(paths.key);
  if (!key) return std::unexpected(std::move(key.error()));
  auto certificate = load_certificate(paths);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  return tls::Identity(std::move(*certificate), std::move(*key));
}

// A pair that does not fit may be one that another process is replacing, or was replacing when it was killed.
Result<tls::Identity> load_root(const CaPaths& paths) {
  auto root = load_both(paths);
  if (!root || is_pair(*root->certificate(), *root->key())) return root;
  finish_replacement(paths);
  return load_both(paths);
}

}  // namespace

Result<> prepare_folders(const CaPaths& paths) {
  // The key's folder must be private even when it is there already: who may rename in it may put another key in place.
  if (auto made = base::make_private_folder(paths.key.parent_path()); !made) return made;
  if (std::filesystem::path folder = paths.cert.parent_path(); !is_there(folder))
    return base::make_private_folder(folder);
  return {};
}

Result<bssl::UniquePtr<EVP_PKEY>> load_key(const std::filesystem::path& file) {
  const auto pem = base::read_private_file(file, kLargestFile);
  if (!pem) return std::unexpected(pem.error());
  auto key = decode_key(pem->view());
  if (!key) return unusable(file, key.error().context);
  return key;
}

Result<bssl::UniquePtr<X509>> load_certificate(const CaPaths& paths) {
  const auto pem = base::read_file(paths.cert, kLargestFile);
  if (!pem) return std::unexpected(pem.error());
  const bssl::UniquePtr<BIO> reader(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  bssl::UniquePtr<X509> certificate(reader ? PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  if (!certificate) return unusable(paths.cert, "no certificate in PEM form");
  return certificate;
}

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
    return unusable(paths.cert, fmt::format("its key {} is missing; put it back", paths.key.native()));
  }
  if (auto prepared = prepare_folders(paths); !prepared) return std::unexpected(std::move(prepared.error()));
  if (!has_key) {
    if (auto created = create_key(paths); !created) return std::unexpected(std::move(created.error()));
  }
  auto key = load_key(paths.key);
  if (!key) return std::unexpected(std::move(key.error()));
  if (!has_certificate) {
    if (auto created = create_certificate(paths, options, **key); !created) return std::unexpected(created.error());
  }
  auto root = load_root(paths);
  if (!root) return root;
  if (auto good = check_root(paths, *root, options.now()); !good) return std::unexpected(std::move(good.error()));
  return root;
}

}  // namespace cordon::ca
