// cordon trust, cordon untrust: the CA and the list of roots that the whole system trusts.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <system_error>

#include <cordon/ca_manager.hpp>
#include <cordon/system_trust.hpp>

#include "command.hpp"
#include "confirmation.hpp"
#include "failure.hpp"
#include "json_output.hpp"
#include "system_store.hpp"
#include "target.hpp"

namespace cordon::cli {
namespace {

using Plan = std::vector<SystemCommand>;

struct Options {
  TargetOptions target;
  bool yes = false;
  bool json = false;
  std::string ca;  ///< --ca; of `trust` only.
};

/// What a person without root's rights pastes into a shell.
std::string with_sudo(const Plan& plan) {
  std::string text;
  for (const SystemCommand& command : plan)
    text += fmt::format("{}sudo {}", text.empty() ? "" : " && ", to_string(command));
  return text;
}

/// Whether the commands of `plan` may be run now; else what the command ends with.
std::optional<Exit> may_run(const Context& context, const Options& options, const SystemTrust& trust, const Plan& plan,
                            const Confirmation& confirmation) {
  if (::geteuid() != 0) {
    context.terminal.error(fmt::format("{}: only root can change which roots this system ({}) trusts",
                                       confirmation.command, trust.system()));
    context.terminal.hint(fmt::format("run: {}", with_sudo(plan)));
    return Exit::failed;
  }
  if (!options.yes && context.terminal.can_ask()) {
    for (const SystemCommand& command : plan)
      context.terminal.hint(fmt::format("this will run: {}", to_string(command)));
  }
  return ask(context, confirmation);
}

/// Runs and shows each. @returns the first that failed
Result<> run_all(const Context& context, const Options& options, const Plan& plan) {
  for (const SystemCommand& command : plan) {
    if (!options.json)
      context.terminal.print(fmt::format("running: {}\n", context.terminal.paint(Style::plain, to_string(command))));
    if (auto done = run_system_command(command); !done) return done;
  }
  return {};
}

/// How a command that has not failed ends.
struct Outcome {
  const Instance& instance;
  SystemTrustState now;
  Plan ran;          ///< Empty: all was as it should be before.
  std::string text;  ///< For people.
};

void report(const Context& context, const Options& options, const Outcome& outcome) {
  if (!options.json) return context.terminal.print(outcome.text + "\n");
  Json commands = Json::array();
  for (const SystemCommand& command : outcome.ran)
    commands.push_back(to_string(command));
  print_json(context.terminal, {{"instance", outcome.instance.name},
                                {"trusted", outcome.now == SystemTrustState::trusted},
                                {"changed", !outcome.ran.empty()},
                                {"commands", std::move(commands)}});
}

// trust

/// What the owner has to compare.
void show_ca(const Terminal& terminal, const CaPaths& paths) {
  const auto info = inspect_ca(paths);
  if (info) terminal.hint(fmt::format("the CA: {}, {}, SHA-256 {}", paths.cert.native(), info->subject, info->sha256));
}

/// Runs `plan`, and `undo` when it fails. What is wrong is already reported when it is false.
bool put_in(const Context& context, const Options& options, const Plan& plan, const Plan& undo) {
  const auto done = run_all(context, options, plan);
  if (done) return true;
  context.terminal.error(done.error().message());
  if (!run_all(context, options, undo))
    context.terminal.error("the CA could not be taken out again either; mend the above and run `cordon untrust`");
  return false;
}

Exit trust_it(const Context& context, const Options& options, const Target& target, const SystemTrust& trust,
              const CaManager& ca) {
  const std::string pem = ca.certificate_pem();
  const auto before = trust.state(pem);
  if (!before) return fail_with(context, before.error());
  if (*before == SystemTrustState::trusted) {
    const std::string text = fmt::format("already trusted: this system trusts the CA of {}", target.instance.name);
    report(context, options, {target.instance, *before, {}, text});
    return Exit::done;
  }
  const Plan plan = trust.plan_trust(ca.paths().cert);
  show_ca(context.terminal, ca.paths());
  const std::string question =
      fmt::format("Let every program of every user on this machine trust the CA of {}?", target.instance.name);
  if (const auto end = may_run(context, options, trust, plan,
                               {question, options.yes, "trust", "the system's roots stay as they are"}))
    return *end;
  if (!put_in(context, options, plan, trust.plan_untrust(ca.paths().cert))) return Exit::failed;
  const auto after = trust.state(pem);
  if (!after || *after != SystemTrustState::trusted) {
    context.terminal.error("the commands ran, but the CA is not among the system's roots");
    context.terminal.hint(fmt::format("to take it out again: {}", command_line("untrust", options.target)));
    return Exit::failed;
  }
  const std::string text = fmt::format("trusted: this system trusts the CA of {} now", target.instance.name);
  report(context, options, {target.instance, *after, plan, text});
  context.terminal.hint(
      "programs that run already may have to be restarted; some, as Firefox, Java and Node, have lists of "
      "their own");
  return Exit::done;
}

/// Whether the owner has chosen this CA: it is the instance's own, or the one that --ca names. What is wrong is already reported
/// when it is false.
bool is_chosen(const Context& context, const Options& options, const Target& target) {
  const CaPaths paths = target.ca_paths();
  const std::filesystem::path named = (context.working_directory / options.ca).lexically_normal();
  if (options.ca.empty() ? !names_ca(target) : named == paths.cert) return true;
  const std::string& cert = paths.cert.native();
  if (!options.ca.empty()) {
    context.terminal.error(
        fmt::format("trust: the CA of {} is {}, not the one that --ca names", target.instance.name, cert));
    return false;
  }
  context.terminal.error(fmt::format(
      "trust: {} names a CA of its own, {}: whoever has its key could pose as any host towards this whole machine",
      target.instance.config.native(), cert));
  show_ca(context.terminal, paths);
  context.terminal.hint(fmt::format("if you chose it: {} --ca {}", command_line("trust", options.target),
                                    to_string(SystemCommand{paths.cert.native()})));
  return false;
}

Exit run_trust(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target || !is_chosen(context, options, *target)) return Exit::failed;
  const auto trust = system_trust_of(target->instance);
  if (!trust) return fail_with(context, trust.error());
  const auto ca = CaManager::open(target->ca_paths(), {.label = target->instance.name});
  if (!ca) return fail_with(context, ca.error(), *target, options.target);
  return trust_it(context, options, *target, *trust, *ca);
}

// untrust

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

/// The CA's file, or its usual place when the config cannot be read: what was trusted must go, whatever became of the rest.
CaPaths ca_paths_of(const Instance& instance) {
  auto loaded = Config::load(instance.config);
  if (!loaded) return instance.ca;
  return Target{instance, std::move(loaded->config), {}}.ca_paths();
}

Exit run_untrust(const Context& context, const Options& options) {
  const auto instance = resolve_instance(context, options.target);
  if (!instance) return fail_with(context, instance.error());
  const auto trust = system_trust_of(*instance);
  if (!trust) return fail_with(context, trust.error());
  const CaPaths paths = ca_paths_of(*instance);
  const auto info = inspect_ca(paths);
  const auto state = [&]() -> Result<SystemTrustState> {
    if (!info) return SystemTrustState::absent;  // then only the anchor's name can tell
    return trust->state(info->pem);
  };
  if (!is_there(trust->anchor())) {
    const auto now = state();
    if (!now) return fail_with(context, now.error());
    if (*now != SystemTrustState::trusted) {
      const std::string text = fmt::format("not trusted: this system has no CA of {}", instance->name);
      report(context, options, {*instance, *now, {}, text});
      return Exit::done;
    }
  }
  const Plan plan = trust->plan_untrust(paths.cert);
  const std::string question = fmt::format("Take the CA of {} out of this system's roots?", instance->name);
  if (const auto end = may_run(context, options, *trust, plan,
                               {question, options.yes, "untrust", "the system's roots stay as they are"}))
    return *end;
  if (const auto done = run_all(context, options, plan); !done) return fail_with(context, done.error());
  const auto after = state();
  if (!after) return fail_with(context, after.error());
  if (*after == SystemTrustState::trusted) {
    context.terminal.error("the system still trusts this CA: it is among its roots under another name, too");
    return Exit::failed;
  }
  const std::string text = fmt::format("not trusted: this system no longer trusts the CA of {}", instance->name);
  report(context, options, {*instance, *after, plan, text});
  return Exit::done;
}

using Run = Exit (*)(const Context& context, const Options& options);

Action declare_with(CLI::App& app, const std::shared_ptr<Options>& options, Run run) {
  add_target_options(app, options->target);
  app.add_flag("--yes", options->yes, "Do it without asking");
  app.add_flag("--json", options->json, "Report as JSON");
  return [options, run](const Context& context) { return run(context, *options); };
}

Action declare_trust(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--ca", options->ca, "The CA's file, where the config names one of its own")->type_name("PATH");
  return declare_with(app, options, run_trust);
}

Action declare_untrust(CLI::App& app) {
  return declare_with(app, std::make_shared<Options>(), run_untrust);
}

}  // namespace

const Command kTrust = {
    .name = "trust",
    .summary = "Make the whole system trust the CA",
    .arguments = "",
    .details =
        "Puts the CA among the roots that every program of this machine trusts, for programs that\n"
        "read none of the variables of `cordon env`. Needs root: without, it shows the commands to\n"
        "run. Asks first; without a terminal, --yes is needed. `cordon untrust` takes it back. A CA\n"
        "that the config names is trusted only when --ca names it, too.",
    .examples =
        "  cordon trust\n"
        "  cordon trust --yes --scope user\n",
    .declare = declare_trust,
};

const Command kUntrust = {
    .name = "untrust",
    .summary = "Take the CA out of the system's roots",
    .arguments = "",
    .details =
        "Undoes `cordon trust`. Works also when the CA's files or the config are gone. Needs root:\n"
        "without, it shows the commands to run.",
    .examples = "  cordon untrust\n",
    .declare = declare_untrust,
};

}  // namespace cordon::cli
