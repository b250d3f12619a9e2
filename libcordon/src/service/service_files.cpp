#include "service/service_files.hpp"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "base/files.hpp"

namespace cordon::service {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 256U << 10U;

/// The folder and its parents that do not exist, the innermost first.
std::vector<fs::path> missing_folders(fs::path folder) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (; !folder.empty() && folder != folder.root_path() && !fs::exists(folder, ignored); folder = folder.parent_path())
    out.push_back(folder);
  return out;
}

void add_installed(const ServiceManager& manager, const fs::path& file, std::vector<Installed>& out) {
  auto name = manager.name_of(file.filename().native());
  if (!name || !check_service_name(*name)) return;
  if (std::ranges::any_of(out, [&name](const Installed& known) { return known.unit.name == *name; })) return;
  const auto content = base::read_file(file, kMaxFile);
  if (!content) return;
  if (auto written = manager.read(*content)) out.push_back({{*std::move(name), file}, *std::move(written)});
}

}  // namespace

std::vector<Installed> find_installed(const ServiceManager& manager) {
  std::vector<Installed> out;
  for (const fs::path& folder : manager.folders()) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
      add_installed(manager, at->path(), out);
  }
  std::ranges::sort(out, {}, [](const Installed& service) { return service.unit.name; });
  return out;
}

Result<Installed> find_installed(const ServiceManager& manager, std::string_view name) {
  if (auto good = check_service_name(name); !good) return std::unexpected(good.error());
  for (const fs::path& folder : manager.folders()) {
    fs::path file = folder / manager.file_name(name);
    auto content = read_service_file(file);
    if (!content) return std::unexpected(content.error());
    if (!*content) continue;
    if (auto written = manager.read(**content))
      return Installed{{std::string(name), std::move(file)}, *std::move(written)};
    return fail(Errc::service_taken, fmt::format("{} was not written by `cordon service install`", file.native()));
  }
  return fail(Errc::file_missing, fmt::format("there is no service {}", name));
}

Result<std::optional<std::string>> read_service_file(const fs::path& file) {
  auto content = base::read_file(file, kMaxFile);
  if (content) return *std::move(content);
  if (content.error().code == Errc::file_missing) return std::nullopt;
  if (content.error().code == Errc::file_failed) return std::unexpected(content.error());
  return fail(Errc::service_taken,
              fmt::format("{} was not written by `cordon service install`: it is no plain file", file.native()));
}

Result<std::vector<fs::path>> write_service_file(const fs::path& file, std::string_view content) {
  auto made = missing_folders(file.parent_path());
  if (auto folder = base::make_private_folder(file.parent_path()); !folder) return std::unexpected(folder.error());
  auto written = base::write_file_whole(file, content, 0644, base::Overwrite::yes);
  if (!written) return std::unexpected(written.error());
  return made;
}

Result<> remove_service_file(const fs::path& file, const std::vector<fs::path>& made) {
  std::error_code error;
  fs::remove(file, error);
  if (error) return fail(Errc::file_failed, fmt::format("cannot remove {}: {}", file.native(), error.message()));
  for (const fs::path& folder : made)
    fs::remove(folder, error);  // fails when something else has come into it
  return {};
}

}  // namespace cordon::service
