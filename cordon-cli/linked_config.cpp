#include "linked_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace cordon::cli {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [in_folder, in_path] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return in_folder == folder.end();
}

}  // namespace

bool may_edit_linked(const Context& context, const Instance& instance) {
  std::error_code error;
  if (!fs::is_symlink(instance.config, error)) return true;
  const fs::path real = fs::canonical(instance.config, error);
  if (error) return true;  // it leads nowhere, which is told when it is read
  const fs::path own = fs::weakly_canonical(config_home(context.environment) / "cordon", error);
  if (instance.scope == Scope::project && !error && is_below(real, own)) {
    context.terminal.error(fmt::format("{} is a link to {}, which is not this project's; nothing was changed",
                                       instance.config.native(), real.native()));
    context.terminal.hint("to change that file, name it with --scope user or --config");
    return false;
  }
  context.terminal.hint(
      fmt::format("{} is a link: the file to be changed is {}", instance.config.native(), real.native()));
  return true;
}

}  // namespace cordon::cli
