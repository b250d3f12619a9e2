// combined-ca.pem: the system's roots and Cordon's CA in one file, for clients that can only replace their whole store.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <cordon/error.hpp>

namespace cordon::ca {

/// `system` followed by `own`, each certificate once: `own` may be among the system's roots already.
std::string compose_bundle(std::string_view system, std::string_view own);

/// Whether the PEM text `pems` has the certificate `pem`, whatever the length of its lines.
bool holds_certificate(std::string_view pems, std::string_view pem);

/// Makes the file at `path` hold exactly `content`, readable by all. @returns whether it had to be written; file_failed
Result<bool> write_bundle(const std::filesystem::path& path, std::string_view content);

}  // namespace cordon::ca
