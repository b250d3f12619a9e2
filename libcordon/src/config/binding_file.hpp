// bindings.toml: the file, without judging what is in it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <cordon/bindings.hpp>

#include "base/unique_fd.hpp"

namespace cordon::config {

/// One [[bindings]] of the file.
struct BindingEntry {
  Binding binding;
  std::string first_used;
  bool approved = false;
  bool operator==(const BindingEntry&) const = default;
};

struct BindingFile {
  bool exists = false;
  std::vector<BindingEntry> entries;
};

/// What `text`, the content of the file at `path`, says. @returns config_invalid
Result<BindingFile> parse_bindings(std::string_view text, const std::filesystem::path& path);

/// The content of a file with `entries`, whose texts are UTF-8.
std::string compose_bindings(const std::vector<BindingEntry>& entries);

/// @returns as review_bindings; a missing file or folder is no error
Result<BindingFile> read_binding_file(const std::filesystem::path& path);

/// Keeps other processes from changing the file between a reading and a writing of it, until the descriptor is closed; makes its
/// folder. @returns as make_private_folder; file_failed when another process holds it for 5 s
Result<base::UniqueFd> lock_bindings(const std::filesystem::path& path);

/// Replaces the file whole; makes its folder. @returns as review_bindings, also when it is larger than what is read
Result<> write_binding_file(const std::filesystem::path& path, const std::vector<BindingEntry>& entries);

}  // namespace cordon::config
