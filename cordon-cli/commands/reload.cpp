// cordon reload: makes the running instance read its config again.
#include <CLI/CLI.hpp>
#include <memory>

#include "command.hpp"
#include "reload_request.hpp"
#include "running_instance.hpp"

namespace cordon::cli {
namespace {

Exit run(const Context& context, const ReloadOptions& options) {
  const auto found = find_instance(context, options.target);
  if (!found) return Exit::failed;
  const ReloadAnswer answer = request_reload(context, options, found->instance);
  if (options.json) print_json(context.terminal, answer.report);
  return answer.exit;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<ReloadOptions>();
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kReload = {
    .name = "reload",
    .summary = "Make the running proxy read its config again",
    .arguments = "",
    .details =
        "The running proxy reads config, tokens and CA again, fetches every secret anew and swaps\n"
        "all of it at once. When anything of it fails, everything stays as it was, and every fault\n"
        "is told here and in the log. Requests under way are not disturbed.",
    .examples =
        "  cordon reload\n"
        "  cordon check && cordon reload\n"
        "  cordon reload --json | jq -r '.errors[].message'\n",
    .declare = declare,
};

}  // namespace cordon::cli
