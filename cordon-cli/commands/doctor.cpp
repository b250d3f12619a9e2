// cordon doctor: looks at everything that an instance needs, and says how to mend what is wrong.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>

#include <cordon/control_client.hpp>
#include <cordon/service_installer.hpp>

#include "command.hpp"
#include "doctor/finding.hpp"
#include "json_output.hpp"
#include "port_holder.hpp"
#include "process_settings.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

using doctor::Finding;
using doctor::Findings;
using doctor::Patient;
using doctor::Verdict;

struct Options {
  TargetOptions target;
  bool json = false;
};

struct Check {
  std::string_view name;  ///< Of its first finding.
  Findings (*run)(const Patient& patient);
  bool needs_config = true;
};

constexpr std::array<Check, 13> kChecks = {{
    {"config", doctor::check_config, false},
    {"state folder", doctor::check_state, false},
    {"bindings", doctor::check_bindings},
    {"ca", doctor::check_ca},
    {"port", doctor::check_port},
    {"listener port", doctor::check_listener_ports},
    {"tokens", doctor::check_tokens},
    {"secret", doctor::check_secrets},
    {"service", doctor::check_service, false},
    {"system trust", doctor::check_system_trust},
    {"shell proxy", doctor::check_environment},
    {"upstream", doctor::check_origins},
    {"postgres", doctor::check_servers},
}};

/// How a verdict is shown.
struct Word {
  std::string_view text;
  Style style;
};
constexpr std::array<Word, 4> kWords = {
    {{"ok", Style::green}, {"warn", Style::yellow}, {"fail", Style::red}, {"skipped", Style::plain}}};

const Word& word_of(Verdict verdict) {
  return kWords[static_cast<std::size_t>(verdict)];
}

Patient examine(const Context& context, const Options& options, Instance instance) {
  Patient patient{.context = context,
                  .options = options.target,
                  .instance = std::move(instance),
                  .target = std::nullopt,
                  .faults = {},
                  .ca = std::nullopt,
                  .healthy = false,
                  .helper_descriptors = harden_process()};
  auto loaded = Config::load(patient.instance.config);
  if (!loaded) {
    patient.faults = std::move(loaded.error());
    return patient;
  }
  patient.target = Target{patient.instance, std::move(loaded->config), std::move(loaded->warnings)};
  if (patient.config().tls.enabled) patient.ca = inspect_ca(patient.target->ca_paths());
  const auto health = probe_health(patient.config().listen, std::chrono::seconds{2});
  patient.healthy =
      health && health->instance == patient.instance.name && !is_held_by_another_user(patient.config().listen);
  return patient;
}

std::string title_of(const Finding& finding) {
  return finding.subject.empty() ? finding.check : fmt::format("{} {}", finding.check, finding.subject);
}

void print_finding(Terminal& terminal, const Finding& finding) {
  const Word& word = word_of(finding.verdict);
  const std::string padding(8 - word.text.size(), ' ');
  terminal.print(fmt::format("{}{}{}  {}\n", terminal.paint(word.style, word.text), padding,
                             terminal.paint(Style::bold, fmt::format("{:<14}", title_of(finding))),
                             terminal.paint(Style::plain, finding.detail)));
  if (!finding.fix.empty())
    terminal.print(fmt::format("{:8}{:14}  {} {}\n", "", "", finding.verdict == Verdict::skipped ? "for it:" : "fix:",
                               terminal.paint(Style::cyan, finding.fix)));
}

std::size_t count_of(const Findings& findings, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(findings, verdict, &Finding::verdict));
}

void print_summary(Terminal& terminal, const Findings& findings) {
  const std::size_t failures = count_of(findings, Verdict::failure);
  terminal.print(fmt::format("\n{} ok, {}, {} failed, {} skipped\n", count_of(findings, Verdict::ok),
                             counted(count_of(findings, Verdict::warning), "warning"),
                             terminal.paint(failures > 0 ? Style::red : Style::plain, fmt::format("{}", failures)),
                             count_of(findings, Verdict::skipped)));
}

Findings run_check(const Patient& patient, const Check& check) {
  if (!check.needs_config || patient.target) return check.run(patient);
  return {{std::string(check.name), "", Verdict::skipped, "needs a config that can be used"}};
}

Findings run_checks(const Patient& patient, bool print) {
  Terminal& terminal = patient.context.terminal;
  Findings all;
  for (const Check& check : kChecks) {
    terminal.show_progress(fmt::format("checking {} ...", check.name));
    const Findings found = run_check(patient, check);
    terminal.show_progress("");
    for (const Finding& finding : found) {
      if (print) print_finding(terminal, finding);
    }
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

void report_as_json(const Context& context, const Patient& patient, const Findings& findings) {
  Json out = {{"config", patient.instance.config.string()},
              {"instance", patient.instance.name},
              {"ok", count_of(findings, Verdict::failure) == 0},
              {"checks", Json::array()}};
  for (const Finding& finding : findings) {
    out["checks"].push_back({{"check", finding.check},
                             {"subject", finding.subject},
                             {"verdict", word_of(finding.verdict).text},
                             {"detail", finding.detail},
                             {"fix", finding.fix}});
  }
  print_json(context.terminal, out);
}

/// A config that is gone while a service still runs it is a finding; without one there is nothing to examine.
std::optional<Instance> find_patient(const Context& context, const Options& options) {
  auto instance = resolve_instance(context, options.target);
  if (instance && ServiceInstaller(context.environment).find(instance->config)) return *std::move(instance);
  return existing_instance(context, options.target);
}

Exit run(const Context& context, const Options& options) {
  auto instance = find_patient(context, options);
  if (!instance) return Exit::failed;
  const Patient patient = examine(context, options, *std::move(instance));
  const Findings findings = run_checks(patient, !options.json);
  options.json ? report_as_json(context, patient, findings) : print_summary(context.terminal, findings);
  return count_of(findings, Verdict::failure) == 0 ? Exit::done : Exit::failed;
}

Action declare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options](const Context& context) { return run(context, *options); };
}

}  // namespace

const Command kDoctor = {
    .name = "doctor",
    .summary = "Look at all that the proxy needs, and say how to mend it",
    .arguments = "",
    .details =
        "Checks the config, the approvals, the CA and the bundle, the ports, the tokens, each secret\n"
        "and its store, the system's roots, this shell's variables, and each origin and PostgreSQL\n"
        "server with its certificate. Each is ok, warn, fail or skipped, with what to do. Changes\n"
        "nothing, runs and fetches nothing that is not approved (`cordon approve`), and shows no\n"
        "secret. The exit status is 1 when a check fails.",
    .examples =
        "  cordon doctor\n"
        "  cordon doctor --config services/cordon.toml\n"
        "  cordon doctor --json | jq '.checks[] | select(.verdict == \"fail\")'\n",
    .declare = declare,
};

}  // namespace cordon::cli
