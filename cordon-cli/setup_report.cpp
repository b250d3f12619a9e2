#include "setup_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include <cordon/control_client.hpp>

namespace cordon::cli {
namespace {

bool is_running(const Target& target) {
  const auto health = probe_health(target.config.listen, std::chrono::milliseconds{500});
  return health && health->instance == target.instance.name;
}

/// What to do next, in order: the command, and what it is for.
std::vector<std::pair<std::string, std::string>> next_steps(const TargetOptions& options, const Setup& setup) {
  std::vector<std::pair<std::string, std::string>> steps;
  if (setup.site.target.config.routes.empty())
    steps.emplace_back(command_line("route add", options), "say which host gets which credential");
  if (!is_running(setup.site.target)) {
    steps.emplace_back(command_line("start", options), "run the proxy here");
    steps.emplace_back(command_line("service install", options), "or in the background, from every login on");
  }
  if (setup.tool == nullptr)
    steps.emplace_back(command_line("run", options) + " -- COMMAND", "run a program through it");
  steps.emplace_back(command_line("doctor", options), "see whether all is well");
  return steps;
}

void print_row(Terminal& terminal, std::string_view label, std::string_view what, std::string_view state) {
  terminal.print(fmt::format("{:<9} {}{}{}\n", label, terminal.paint(Style::plain, what), state.empty() ? "" : "  ",
                             terminal.paint(Style::green, state)));
}

std::string_view made_or(bool made, std::string_view otherwise) {
  return made ? "made" : otherwise;
}

}  // namespace

void print_setup(const Context& context, const TargetOptions& options, const Setup& setup) {
  Terminal& terminal = context.terminal;
  const Target& target = setup.site.target;
  print_row(terminal, "config", fmt::format("{}, port {}", target.instance.config.string(), target.config.listen),
            made_or(setup.groundwork.config_made, "already there"));
  if (target.config.tls.enabled) {
    print_row(terminal, "CA", target.ca_paths().cert.string(), made_or(setup.groundwork.ca_made, "already there"));
    print_row(terminal, "bundle", target.ca_paths().bundle.string(), "up to date");
  }
  print_row(terminal, "tokens", fmt::format("{}", fmt::join(setup.groundwork.tokens, ", ")),
            setup.groundwork.tokens_made.empty() ? "already there" : "made");
  for (const FileOutcome& file : setup.files) {
    print_row(terminal, "file", file.path.string(),
              file.change == Change::left ? "left: it is yours" : name(file.change));
    if (file.target != file.path) print_row(terminal, "", fmt::format("which is: {}", file.target.string()), "");
    if (file.backup) print_row(terminal, "", fmt::format("before: {}", file.backup->string()), "");
  }
  terminal.print("\nNext:\n");
  const auto steps = next_steps(options, setup);
  std::size_t width = 0;
  for (const auto& [command, purpose] : steps)
    width = std::max(width, command.size());
  for (const auto& [command, purpose] : steps)
    terminal.print(fmt::format("  {:<{}}  {}\n", terminal.paint(Style::plain, command), width, purpose));
}

Json setup_json(const TargetOptions& options, const Setup& setup) {
  const Target& target = setup.site.target;
  Json report = {{"instance", target.instance.name},
                 {"config",
                  {{"path", target.instance.config.string()},
                   {"port", target.config.listen},
                   {"made", setup.groundwork.config_made}}},
                 {"ca", nullptr},
                 {"tokens", {{"names", setup.groundwork.tokens}, {"made", setup.groundwork.tokens_made}}},
                 {"tool", nullptr},
                 {"files", Json::array()},
                 {"hints", setup.plan.hints},
                 {"next", Json::array()}};
  if (target.config.tls.enabled)
    report["ca"] = {{"certificate", target.ca_paths().cert.string()},
                    {"bundle", target.ca_paths().bundle.string()},
                    {"made", setup.groundwork.ca_made}};
  if (setup.tool != nullptr) report["tool"] = setup.tool->name;
  for (const FileOutcome& file : setup.files)
    report["files"].push_back({{"path", file.path.string()},
                               {"target", file.target.string()},
                               {"change", name(file.change)},
                               {"backup", file.backup ? Json(file.backup->string()) : Json()}});
  for (const auto& [command, purpose] : next_steps(options, setup))
    report["next"].push_back(command);
  return report;
}

}  // namespace cordon::cli
