// cordon ca: the certificate authority of an instance.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include <cordon/ca_manager.hpp>
#include <cordon/control_client.hpp>

#include "command.hpp"
#include "confirmation.hpp"
#include "failure.hpp"
#include "json_output.hpp"
#include "system_store.hpp"
#include "target.hpp"
#include "text.hpp"

namespace cordon::cli {
namespace {

struct Options {
  TargetOptions target;
  bool json = false;
  bool yes = false;
};

CaOptions label_of(const Target& target) {
  return {.label = target.instance.name};
}

// show

struct Shown {
  const Target& target;
  CaPaths paths;
  CaInfo info;
  Result<BundleState> bundle;
  std::string system;  ///< system_state_name.
};

constexpr std::array<const char*, 4> kBundleWords = {"current", "missing", "without this CA",
                                                     "with other system roots than today's"};
constexpr std::array<const char*, 4> kBundleNames = {"current", "missing", "without_ca", "outdated"};

std::string_view bundle_word(const Shown& shown, const std::array<const char*, 4>& words) {
  return shown.bundle ? words[static_cast<std::size_t>(*shown.bundle)] : "unknown";
}

std::int64_t days_left(const CaInfo& info) {
  return std::chrono::floor<std::chrono::days>(info.not_after - std::chrono::system_clock::now()).count();
}

std::string validity_text(const CaInfo& info) {
  const auto days = days_left(info);
  return fmt::format("{} to {}, {}", date_text(info.not_before), date_text(info.not_after),
                     days < 0 ? "ended" : fmt::format("{} days left", days));
}

std::string key_text(const Shown& shown) {
  const std::string path = shown.paths.key.string();
  if (!shown.info.key_mode) return fmt::format("{}, missing", path);
  return fmt::format("{}, mode {:04o}", path, *shown.info.key_mode);
}

std::string system_text(const Shown& shown, const Options& options) {
  if (shown.system == "trusted") return "trusted by every program of this machine";
  if (shown.system == "other") return fmt::format("trusts an older CA; run: {}", command_line("trust", options.target));
  return shown.system == "absent" ? "not trusted" : shown.system;
}

void print_row(Terminal& terminal, std::string_view label, std::string_view value) {
  terminal.print(fmt::format("  {:<13}{}\n", label, terminal.paint(Style::plain, value)));
}

void show_as_text(const Context& context, const Options& options, const Shown& shown) {
  Terminal& terminal = context.terminal;
  terminal.print(fmt::format("CA of {}\n", terminal.paint(Style::bold, shown.target.instance.name)));
  print_row(terminal, "certificate", shown.paths.cert.string());
  print_row(terminal, "key", key_text(shown));
  print_row(terminal, "bundle", fmt::format("{}, {}", shown.paths.bundle.string(), bundle_word(shown, kBundleWords)));
  print_row(terminal, "subject", shown.info.subject);
  print_row(terminal, "SHA-256", shown.info.sha256);
  print_row(terminal, "valid", validity_text(shown.info));
  print_row(terminal, "system", system_text(shown, options));
  if (!shown.info.key) terminal.error(shown.info.key.error().message());
  if (days_left(shown.info) < 0) terminal.hint(ca_remedy(shown.target, options.target));
}

void show_as_json(const Context& context, const Shown& shown) {
  Json out = {{"instance", shown.target.instance.name},
              {"certificate", shown.paths.cert.string()},
              {"key", shown.paths.key.string()},
              {"bundle", shown.paths.bundle.string()},
              {"subject", shown.info.subject},
              {"sha256", shown.info.sha256},
              {"not_before", time_text(shown.info.not_before)},
              {"not_after", time_text(shown.info.not_after)},
              {"made_by_cordon", shown.info.made_by_cordon},
              {"key_mode", shown.info.key_mode ? Json(fmt::format("{:04o}", *shown.info.key_mode)) : Json()},
              {"key_ok", shown.info.key.has_value()},
              {"bundle_state", bundle_word(shown, kBundleNames)},
              {"system_trust", shown.system}};
  if (!shown.info.key) out["key_error"] = shown.info.key.error().message();
  print_json(context.terminal, out);
}

Exit show(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const CaPaths paths = target->ca_paths();
  auto info = inspect_ca(paths);
  if (!info) {
    if (info.error().code != Errc::file_missing) return fail_with(context, info.error(), *target, options.target);
    context.terminal.error(fmt::format("{} has no CA yet: there is no {}", target->instance.name, paths.cert.string()));
    context.terminal.hint(
        fmt::format("`cordon start` makes it, and so does: {}", command_line("ca bundle", options.target)));
    return Exit::failed;
  }
  Shown shown{*target, paths, std::move(*info), check_bundle(paths), {}};
  shown.system = system_state_name(target->instance, shown.info);
  options.json ? show_as_json(context, shown) : show_as_text(context, options, shown);
  return Exit::done;
}

// bundle

Exit bundle(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const auto ca = CaManager::open(target->ca_paths(), label_of(*target));
  if (!ca) return fail_with(context, ca.error(), *target, options.target);
  if (const auto refreshed = ca->refresh_bundle(); !refreshed) return fail_with(context, refreshed.error());
  warn_of_named_ca(context.terminal, *target);
  const std::string path = ca->paths().bundle.string();
  if (options.json)
    print_json(context.terminal, {{"bundle", path}});
  else
    context.terminal.print(path + "\n");
  return Exit::done;
}

// rotate

void report_new_ca(const Context& context, const Options& options, const Target& target, const CaPaths& paths,
                   const CaInfo& info) {
  const std::string cert = paths.cert.string();
  if (options.json)
    print_json(context.terminal, {{"instance", target.instance.name},
                                  {"certificate", cert},
                                  {"key", paths.key.string()},
                                  {"sha256", info.sha256},
                                  {"not_after", time_text(info.not_after)}});
  else
    context.terminal.print(fmt::format("new CA of {}: {}\n  SHA-256  {}\n  valid    {}\n", target.instance.name,
                                       on_one_line(cert), info.sha256, validity_text(info)));
}

/// What the owner has to do now. A running proxy and running clients go by the old CA.
void tell_next_steps(const Context& context, const Options& options, const Target& target, const CaInfo& fresh) {
  const auto health = probe_health(target.config.listen, std::chrono::milliseconds{500});
  if (health && health->instance == target.instance.name)
    context.terminal.hint(fmt::format("make the running proxy use it: {}", command_line("reload", options.target)));
  if (system_state_name(target.instance, fresh) == "other")
    context.terminal.hint(
        fmt::format("the system still trusts the old one; run: {}", command_line("trust", options.target)));
  context.terminal.hint("restart the programs that go through the proxy: they still trust the old CA only");
}

Exit rotate(const Context& context, const Options& options) {
  const auto target = load_target(context, options.target);
  if (!target) return Exit::failed;
  const CaPaths paths = target->ca_paths();
  const std::string question =
      fmt::format("Replace the CA of {}, {} with the key {}? Programs that trust the old one have to be restarted.",
                  target->instance.name, on_one_line(paths.cert.native()), on_one_line(paths.key.native()));
  if (const auto refused = ask(context, {question, options.yes, "ca rotate", "the CA stays as it is"}); refused)
    return *refused;
  if (const auto old = inspect_ca(paths); old && is_trusted_by_content(target->instance, *old)) {
    context.terminal.error("this system trusts the CA, and only its certificate can take it out again");
    context.terminal.hint(fmt::format("take it out first: {}", command_line("untrust", options.target)));
    return Exit::failed;
  }
  const auto ca = replace_ca(*target);
  if (!ca) return fail_with(context, ca.error());
  if (const auto refreshed = ca->refresh_bundle(); !refreshed) return fail_with(context, refreshed.error());
  const auto info = inspect_ca(ca->paths());
  if (!info) return fail_with(context, info.error());
  report_new_ca(context, options, *target, ca->paths(), *info);
  tell_next_steps(context, options, *target, *info);
  return Exit::done;
}

using Run = Exit (*)(const Context& context, const Options& options);

Action declare_with(CLI::App& app, const std::shared_ptr<Options>& options, Run run) {
  add_target_options(app, options->target);
  app.add_flag("--json", options->json, "Report as JSON");
  return [options, run](const Context& context) { return run(context, *options); };
}

Action declare_show(CLI::App& app) {
  return declare_with(app, std::make_shared<Options>(), show);
}

Action declare_bundle(CLI::App& app) {
  return declare_with(app, std::make_shared<Options>(), bundle);
}

Action declare_rotate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--yes", options->yes, "Replace it without asking");
  return declare_with(app, options, rotate);
}

constexpr Command kShow = {
    .name = "show",
    .summary = "Show the CA: its files, its fingerprint, who trusts it",
    .arguments = "",
    .details = "Shows where the CA lies, until when it is valid, and whether the system trusts it.",
    .examples =
        "  cordon ca show\n"
        "  cordon ca show --json | jq -r .sha256\n",
    .declare = declare_show,
};

constexpr Command kBundle = {
    .name = "bundle",
    .summary = "Bring the combined bundle up to date and print its path",
    .arguments = "",
    .details =
        "Writes the system's roots and the CA into one file, for programs that can only replace\n"
        "their whole list of roots, and prints where it lies. Makes the CA when there is none.",
    .examples =
        "  cordon ca bundle\n"
        "  SSL_CERT_FILE=$(cordon ca bundle) ./program\n",
    .declare = declare_bundle,
};

constexpr Command kRotate = {
    .name = "rotate",
    .summary = "Replace the CA with a new one",
    .arguments = "",
    .details =
        "Makes a new CA in the place of the old one, which stays until the new one is whole. After\n"
        "that the running proxy has to reload, and programs have to trust the new one. Asks first;\n"
        "without a terminal, --yes is needed.",
    .examples = "  cordon ca rotate --yes && cordon reload\n",
    .declare = declare_rotate,
};

constexpr std::array<const Command*, 3> kSubcommands = {&kShow, &kBundle, &kRotate};

}  // namespace

const Command kCa = {
    .name = "ca",
    .summary = "Show, bundle and replace the certificate authority",
    .arguments = "",
    .details =
        "Cordon shows programs certificates of a CA of its own for the hosts of your routes. It\n"
        "belongs to one instance, and its key never leaves this machine.",
    .examples = "",
    .subcommands = kSubcommands,
};

}  // namespace cordon::cli
