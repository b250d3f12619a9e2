// cordon secret set and cordon secret delete.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "named_secret.hpp"
#include "process_settings.hpp"
#include "secret_input.hpp"
#include "target.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  std::string name;
  bool json = false;
};

Exit report(const Context& context, const Options& options, const NamedSecret& secret, std::string_view outcome) {
  const std::string place = describe(secret.ref);
  if (options.json) {
    const nlohmann::ordered_json out = {{"name", secret.name}, {"secret", place}, {"outcome", outcome}};
    context.terminal.print(out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return Exit::done;
  }
  context.terminal.print(
      context.terminal.paint(Style::plain, fmt::format("{}: {} (the secret of {})", outcome, place, secret.title())) +
      "\n");
  return Exit::done;
}

Exit refuse(const Context& context, const NamedSecret& secret, const Error& error) {
  context.terminal.error(fmt::format("{}: {}", secret.title(), error.message()));
  return exit_of(error);
}

Exit store(const Context& context, const Options& options, const SecretStore& secrets, const NamedSecret& secret) {
  const auto value = read_secret(fmt::format("Secret of {} (not shown): ", without_controls(secret.title())));
  if (!value) return refuse(context, secret, value.error());
  if (const auto stored = secrets.put(secret.ref, *value); !stored) return refuse(context, secret, stored.error());
  return report(context, options, secret, "stored");
}

Exit remove(const Context& context, const Options& options, const SecretStore& secrets, const NamedSecret& secret) {
  const auto removed = secrets.remove(secret.ref);
  if (removed) return report(context, options, secret, "deleted");
  if (removed.error().code == Errc::secret_missing) return report(context, options, secret, "already absent");
  return refuse(context, secret, removed.error());
}

using Step = Exit (*)(const Context& context, const Options& options, const SecretStore& secrets,
                      const NamedSecret& secret);

/// Finds the secret, and goes on with `step` if its store can be changed at all.
Exit change(const Context& context, const Options& options, Step step) {
  harden_process();
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const auto named = secrets_of(target->config);
  const NamedSecret* secret = find_secret(context.terminal, *target, named, options.name);
  if (secret == nullptr) return Exit::failed;
  const auto secrets = SecretStore::create(target->config.secrets, context.environment);
  if (const auto can = secrets.can_change(secret->ref); !can) return refuse(context, *secret, can.error());
  return step(context, options, secrets, *secret);
}

template <Step kStep>
Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("name", options->name, "The name of a route or a listener")->required()->type_name("NAME");
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return change(context, *options, kStep); };
}

}  // namespace

const Command kSecretSet = {
    .name = "set",
    .summary = "Store a secret in the keyring",
    .arguments = "NAME",
    .details =
        "Asks for the secret of a route or listener whose source is the system's keyring, without\n"
        "showing it, and stores it there. When standard input is not a terminal, it is read from\n"
        "there, to its end; one newline at the end is dropped.",
    .examples =
        "  cordon secret set stripe\n"
        "  pass show stripe | cordon secret set stripe\n",
    .declare = declare<store>,
};

const Command kSecretDelete = {
    .name = "delete",
    .summary = "Delete a secret from the keyring",
    .arguments = "NAME",
    .details =
        "Removes the entry of a route or listener from the system's keyring: every one that has its\n"
        "service and account.",
    .examples = "  cordon secret delete stripe\n",
    .declare = declare<remove>,
};

}  // namespace cordon::cli
