// The files of a user's services: found, read, written and removed, without asking the service manager.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "service/service_manager.hpp"

namespace cordon::service {

/// A service that we wrote.
struct Installed {
  Unit unit;
  Written written;
};

/// All of them in the manager's folders, by name; of one name the first. Files of others are left out, also when they cannot be
/// read.
std::vector<Installed> find_installed(const ServiceManager& manager);

/// The one of that name. @returns file_missing, and service_taken when the file of that name is not ours
Result<Installed> find_installed(const ServiceManager& manager, std::string_view name);

/// The content of a service's file; nothing when there is none. @returns service_taken when it is no plain file, file_failed
Result<std::optional<std::string>> read_service_file(const std::filesystem::path& file);

/// Writes it, and makes its folder. @returns the folders that were made, the innermost first; file_unsafe, file_failed
Result<std::vector<std::filesystem::path>> write_service_file(const std::filesystem::path& file,
                                                              std::string_view content);

/// Removes it, and those of `made` that are empty. One that is not there is no failure. @returns file_failed
Result<> remove_service_file(const std::filesystem::path& file, const std::vector<std::filesystem::path>& made);

}  // namespace cordon::service
