#include "running_instance.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace cordon::cli {

std::optional<RunningInstance> find_instance(const Context& context, const TargetOptions& options) {
  auto instance = resolve_instance(context, options);
  if (!instance) {
    context.terminal.error(instance.error().message());
    return std::nullopt;
  }
  ControlClient client(*instance);
  return RunningInstance{*std::move(instance), std::move(client)};
}

Exit report_unreachable(const Context& context, const TargetOptions& options, const Instance& instance,
                        const Error& error) {
  if (error.code != Errc::not_running) {
    context.terminal.error(error.message());
    return Exit::failed;
  }
  std::error_code ignored;
  if (!std::filesystem::exists(instance.config, ignored)) {
    report_missing_config(context.terminal, instance);
    context.terminal.hint("the instances that run are listed by: cordon status --all");
    return Exit::not_running;
  }
  context.terminal.error(fmt::format("{} is not running", instance.name));
  context.terminal.hint(fmt::format("start it: {}", command_line("start", options)));
  return Exit::not_running;
}

}  // namespace cordon::cli
