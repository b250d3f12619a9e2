// cordon secret check: fetches each secret once and says how that went.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>

#include <cordon/diagnostics.hpp>

#include "command.hpp"
#include "exit.hpp"
#include "json_output.hpp"
#include "named_secret.hpp"
#include "process_settings.hpp"
#include "target.hpp"
#include "text.hpp"
#include "unapproved.hpp"

namespace cordon::cli {
namespace {

using std::chrono::milliseconds;

struct Options {
  TargetOptions target;
  std::vector<std::string> names;
  bool json = false;
};

/// How one fetch went.
struct Trial {
  NamedSecret secret;
  std::optional<Error> error;
  milliseconds took{0};
};

/// All that may be fetched at once, as a start does.
void try_all(const SecretStore& store, std::vector<Trial>& trials) {
  std::vector<SecretRef> refs;
  std::vector<Trial*> tried;
  for (Trial& trial : trials) {
    if (trial.error) continue;
    refs.push_back(trial.secret.ref);
    tried.push_back(&trial);
  }
  const auto results = try_secrets(store, refs);
  for (std::size_t i = 0; i < tried.size(); ++i) {
    tried[i]->error = results[i].error;
    tried[i]->took = results[i].took;
  }
}

/// Those that are named, or all. Nothing when a name is not there, which is reported.
std::optional<std::vector<Trial>> chosen(const Context& context, const Options& options, const Target& target) {
  const auto secrets = secrets_of(target.config);
  std::vector<Trial> trials;
  bool good = true;
  for (const std::string& name : options.names) {
    const NamedSecret* secret = find_secret(context, target, options.target, secrets, name);
    good = good && secret != nullptr;
    if (secret != nullptr) trials.push_back({*secret, {}, {}});
  }
  if (!good) return std::nullopt;
  if (options.names.empty()) {
    for (const NamedSecret& secret : secrets)
      trials.push_back({secret, {}, {}});
  }
  return trials;
}

void print_rows(Terminal& terminal, const std::vector<Trial>& trials) {
  std::size_t width = 0;
  for (const Trial& trial : trials)
    width = std::max(width, trial.secret.name.size());
  for (const Trial& trial : trials) {
    const std::string word = trial.error ? terminal.paint(Style::red, "failed") : terminal.paint(Style::green, "ok");
    terminal.print(fmt::format("{}{:{}}  {:{}}  {:>8}  {}\n", word, "", trial.error ? 0 : 4, trial.secret.name, width,
                               to_string(trial.took), terminal.paint(Style::plain, describe(trial.secret.ref))));
  }
}

void report_as_text(const Context& context, const std::vector<Trial>& trials) {
  print_rows(context.terminal, trials);
  for (const Trial& trial : trials) {
    if (trial.error) context.terminal.error(fmt::format("{}: {}", trial.secret.title(), trial.error->message()));
  }
  if (trials.empty()) context.terminal.hint("the config has no routes and no listeners, and so no secrets");
}

void report_as_json(const Context& context, const std::vector<Trial>& trials) {
  Json out = {{"secrets", Json::array()}};
  for (const Trial& trial : trials) {
    Json row = {{"name", trial.secret.name},
                {"kind", trial.secret.kind},
                {"secret", describe(trial.secret.ref)},
                {"ok", !trial.error},
                {"milliseconds", trial.took.count()}};
    if (trial.error) row["error"] = json_of(*trial.error);
    out["secrets"].push_back(std::move(row));
  }
  print_json(context.terminal, out);
}

Exit exit_of_all(const std::vector<Trial>& trials) {
  std::vector<Error> errors;
  for (const Trial& trial : trials)
    if (trial.error) errors.push_back(*trial.error);
  return errors.empty() ? Exit::done : exit_of(errors);
}

/// Sets the error of those that must not be fetched, and warns of others that are new: an edited config must not have a
/// program run by this command either.
Result<> judge(const Context& context, const Options& options, const Target& target, std::vector<Trial>& trials) {
  std::vector<std::string_view> names;
  for (const Trial& trial : trials)
    names.push_back(trial.secret.name);
  const auto review = review_named(context, target, names);
  if (!review) return std::unexpected(review.error());
  for (Trial& trial : trials)
    if (is_withheld(*review, trial.secret.name)) trial.error = error_of_withheld(options.target);
  if (review->rule == ApprovalRule::advised) warn_of_unapproved(context.terminal, *review, options.target);
  return {};
}

Exit run(const Context& context, const Options& options) {
  const auto descriptors = harden_process();
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  auto trials = chosen(context, options, *target);
  if (!trials) return Exit::failed;
  if (const auto judged = judge(context, options, *target, *trials); !judged) {
    context.terminal.error(judged.error().message());
    return Exit::failed;
  }
  auto store = SecretStore::create(target->config.secrets, context.environment);
  store.limit_helper_descriptors(descriptors);
  try_all(store, *trials);
  options.json ? report_as_json(context, *trials) : report_as_text(context, *trials);
  return exit_of_all(*trials);
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->names, "A route or listener; may be repeated (default: all)")->type_name("");
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kSecretCheck = {
    .name = "check",
    .summary = "Fetch secrets once and say whether they can be had",
    .arguments = "[NAME...]",
    .details =
        "Fetches the secrets of all routes and listeners, or of those that are named, from their\n"
        "stores, drops them, and prints how that went and how long it took. Never prints a secret.\n"
        "A secret from the environment is looked for in this command's own. Warns of what is not\n"
        "approved; where approval is required, that is not fetched. Exits with 1 when one cannot be\n"
        "had, with 4 when only stores that are not available now are to blame.",
    .examples =
        "  cordon secret check\n"
        "  cordon secret check stripe prod-db\n"
        "  cordon secret check --json | jq '.secrets[] | select(.ok | not)'\n",
    .declare = declare,
};

}  // namespace cordon::cli
