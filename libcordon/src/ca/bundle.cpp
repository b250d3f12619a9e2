#include "ca/bundle.hpp"

#include <algorithm>
#include <iterator>
#include <system_error>

#include "base/files.hpp"

namespace cordon::ca {

namespace {

constexpr mode_t kBundleMode = 0644;

// PEM is the same whatever the length of its lines and their ends.
std::string without_spaces(std::string_view text) {
  std::string dense;
  dense.reserve(text.size());
  std::ranges::copy_if(text, std::back_inserter(dense), [](char c) { return c != '\n' && c != '\r' && c != ' '; });
  return dense;
}

}  // namespace

bool holds_certificate(std::string_view pems, std::string_view pem) {
  return without_spaces(pems).find(without_spaces(pem)) != std::string::npos;
}

std::string compose_bundle(std::string_view system, std::string_view own) {
  std::string bundle(system);
  if (!bundle.empty() && !bundle.ends_with('\n')) bundle += '\n';
  if (!holds_certificate(system, own)) bundle += own;
  return bundle;
}

Result<bool> write_bundle(const std::filesystem::path& path, std::string_view content) {
  if (const auto present = base::read_file(path, content.size()); present && *present == content) return false;
  std::error_code ignored;
  if (!std::filesystem::exists(path.parent_path(), ignored)) {
    if (auto made = base::make_private_folder(path.parent_path()); !made)
      return std::unexpected(std::move(made.error()));
  }
  return base::write_file_whole(path, content, kBundleMode, base::Overwrite::yes);
}

}  // namespace cordon::ca
