// cordon wait: returns once the instance serves.
#include <CLI/CLI.hpp>
#include <memory>

#include "command.hpp"
#include "target.hpp"
#include "wait_options.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  PatienceOptions patience;
};

Exit run(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  return wait_for(context, *target, options.target, options.patience) ? Exit::done : Exit::failed;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  add_patience_options(app, options->patience);
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
