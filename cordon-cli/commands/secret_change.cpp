// cordon secret set and cordon secret delete.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include <cordon/control_client.hpp>

#include "command.hpp"
#include "exit.hpp"
#include "json_output.hpp"
#include "named_secret.hpp"
#include "process_settings.hpp"
#include "secret_input.hpp"
#include "target.hpp"
#include "unapproved.hpp"

namespace cordon::cli {
namespace {

constexpr std::chrono::milliseconds kTellDeadline{2'000};

struct Options {
  TargetOptions target;
  std::string name;
  bool json = false;
};

/// A secret of the config that is to be changed, and all that it takes.
struct Job {
  const Context& context;
  const Options& options;
  const Target& target;
  const std::vector<NamedSecret>& named;
  const NamedSecret& secret;
  const SecretStore& store;
};

/// Has the running instance, if there is one, drop what it holds of the secret, for every route and listener that uses it.
void tell_running_instance(const Job& job) {
  const ControlClient client(job.target.instance);
  for (const NamedSecret& secret : job.named) {
    if (secret.ref != job.secret.ref) continue;
    const auto told = client.forget_secret(secret.name, kTellDeadline);
    if (told || told.error().code == Errc::not_running) continue;
    job.context.terminal.warning(fmt::format(
        "the running instance could not be told, and may use its old value until that value's time is up: {}",
        told.error().message()));
    return;
  }
}

Exit report(const Job& job, std::string_view outcome) {
  const std::string place = describe(job.secret.ref);
  Terminal& terminal = job.context.terminal;
  if (job.options.json) {
    const Json out = {{"name", job.secret.name}, {"secret", place}, {"outcome", outcome}};
    print_json(terminal, out);
  } else {
    const std::string text = fmt::format("{}: {} (the secret of {})", outcome, place, job.secret.title());
    terminal.print(terminal.paint(Style::plain, text) + "\n");
  }
  tell_running_instance(job);
  return Exit::done;
}

Exit refuse(const Context& context, const NamedSecret& secret, const Error& error) {
  context.terminal.error(fmt::format("{}: {}", secret.title(), error.message()));
  return exit_of({&error, 1});
}

/// Of the routes and listeners that get what is stored.
std::vector<std::string_view> names_of_users(const Job& job) {
  std::vector<std::string_view> names;
  for (const NamedSecret& secret : job.named)
    if (secret.ref == job.secret.ref) names.push_back(secret.name);
  return names;
}

std::string question_of(const Job& job, const std::vector<std::string_view>& names) {
  std::vector<std::string> hosts;
  for (const RequestedBinding& binding : requested_bindings(job.target.config))
    if (std::ranges::find(names, binding.name) != names.end()) hosts.push_back(destination_text(binding.binding));
  return without_controls(fmt::format("Secret of {}, for {}, to be stored as {} (not shown): ", job.secret.title(),
                                      fmt::join(hosts, " and "), describe(job.secret.ref)));
}

Exit store(const Job& job) {
  const auto names = names_of_users(job);
  const auto review = review_named(job.context, job.target, names);
  if (!review) return refuse(job.context, job.secret, review.error());
  if (is_withheld(*review, job.secret.name))
    return refuse(job.context, job.secret, error_of_withheld(job.options.target));
  warn_of_unapproved(job.context.terminal, *review, job.options.target);
  const auto value = read_secret(question_of(job, names));
  if (!value) return refuse(job.context, job.secret, value.error());
  const auto stored = job.store.put(job.secret.ref, *value);
  return stored ? report(job, "stored") : refuse(job.context, job.secret, stored.error());
}

Exit remove(const Job& job) {
  const auto removed = job.store.remove(job.secret.ref);
  if (removed) return report(job, "deleted");
  if (removed.error().code == Errc::secret_missing) return report(job, "already absent");
  return refuse(job.context, job.secret, removed.error());
}

using Step = Exit (*)(const Job& job);

/// Finds the secret, and goes on with `step` if its store can be changed at all.
Exit change(const Context& context, const Options& options, Step step) {
  harden_process();
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const auto named = secrets_of(target->config);
  const NamedSecret* secret = find_secret(context, *target, options.target, named, options.name);
  if (secret == nullptr) return Exit::failed;
  const auto secrets = SecretStore::create(target->config.secrets, context.environment);
  if (const auto can = secrets.can_change(secret->ref); !can) return refuse(context, *secret, can.error());
  return step({context, options, *target, named, *secret, secrets});
}

template <Step kStep>
Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "A route or listener")->required()->type_name("");
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
        "there, to its end; one newline at the end is dropped. A running instance uses it at once.\n"
        "Warns when the secret's use is not approved, and refuses where approval is required.",
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
