// cordon wait: returns once the instance serves.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "command.hpp"
#include "json_output.hpp"
#include "target.hpp"
#include "wait_options.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  PatienceOptions patience;
  bool json = false;
};

Exit run(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const auto ready = wait_for(context, *target, options.target, options.patience);
  if (options.json) {
    Json report = {{"instance", target->instance.name},
                   {"address", fmt::format("127.0.0.1:{}", target->config.listen)},
                   {"ready", ready.has_value()}};
    if (!ready) report["error"] = json_of(ready.error());
    print_json(context.terminal, report);
  }
  return ready ? Exit::done : Exit::failed;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  add_patience_options(app, options->patience);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kWait = {
    .name = "wait",
    .summary = "Wait until the proxy of this config is ready",
    .arguments = "",
    .details =
        "Asks for /health until the instance of this config answers. Another program or\n"
        "another instance on its port is an error at once.",
    .examples =
        "  cordon wait && npm run dev\n"
        "  cordon wait --timeout 10s --config services/cordon.toml\n",
    .declare = declare,
};

}  // namespace cordon::cli
